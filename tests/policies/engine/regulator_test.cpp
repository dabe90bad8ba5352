// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/regulator.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "tests/policies/engine/regulators.hpp"

using namespace homeostat;
using namespace homeostat::testing;
using Catch::Matchers::Contains;

namespace {

const Decision& rate(World& world, double events_per_second) {
  put_signal(world, "rate", events_per_second);
  return world.tick();
}

}  // namespace

TEST_CASE("regulator: the lever follows the formula, with the act's other arguments") {
  World world({batch_window()});
  const auto& decision = rate(world, 20);
  REQUIRE(decision.desired.size() == 1);
  const auto& lever = decision.desired.front();
  CHECK(lever.key == LeverKey{"batch_window", "group/play-counts"});
  CHECK(lever.value.arguments.at("window") == Argument{0.05});
  CHECK(lever.value.arguments.at("drain_limit") == Argument{10000.0});
  CHECK(lever.ttl == seconds(60));
  CHECK(lever.policy == "window");
  CHECK(lever.policy_hash == "c0ffee");
  CHECK(lever.regulated == "window");
  CHECK(lever.baseline == 0);
  CHECK_THAT(lever.reason, Contains("set to 0.05"));
  CHECK(stands(rate(world, 50), "window") == 0.02);
  CHECK(latest(world).step == Step::adjusted);
  CHECK(latest(world).computed == 0.02);
  CHECK(latest(world).value == 0.02);
  rate(world, 50);
  CHECK(latest(world).step == Step::idle);
}

TEST_CASE("regulator: the division by zero of an idle group gives the maximum") {
  World world({batch_window()});
  CHECK(stands(rate(world, 0), "window") == 0.1);
  CHECK(latest(world).computed == 0.1);
  world.set.policies[0].regulator->to = formula("1 / rate", {"rate"});
  CHECK(stands(rate(world, 0), "window") == 0.1);
  CHECK(std::isinf(latest(world).computed.value()));
  CHECK(latest(world).target == 0.1);
  CHECK_FALSE(gate_of(latest(world), GateKind::upper_bound)->passed);
}

TEST_CASE("regulator: an absent input holds the lever where it stands, and renews it") {
  World world({batch_window()});
  rate(world, 20);
  for (int i = 0; i < 30; ++i) {
    world.put_absent("rate");
    CHECK(stands(world.tick(), "window") == 0.05);
  }
  CHECK(latest(world).step == Step::unknown);
  CHECK(latest(world).value == 0.05);
  CHECK_FALSE(latest(world).target);
  CHECK_FALSE(gate_of(latest(world), GateKind::known_inputs)->passed);
  CHECK(stands(rate(world, 40), "window") == 0.025);
}

TEST_CASE("regulator: an old input holds the lever too (S5)") {
  World world({batch_window()});
  rate(world, 20);
  world.now += seconds(30);
  CHECK(stands(world.tick(), "window") == 0.05);
  CHECK(latest(world).step == Step::unknown);
}

TEST_CASE("regulator: it never starts from what is unknown") {
  World world({batch_window()});
  world.put_absent("rate");
  CHECK(world.tick().desired.empty());
  CHECK(latest(world).step == Step::unknown);
  CHECK_FALSE(latest(world).value);
  CHECK(stands(rate(world, 20), "window") == 0.05);
}

TEST_CASE("regulator: what has no number holds the lever, a comparison does not hide it") {
  World world({batch_window()});
  rate(world, 20);
  for (const auto* const text :
       {"rate / rate", "sqrt(rate - 1)", "rate / rate > 1 ? 0 : 1", "min(0.1, rate / rate)"}) {
    INFO(text);
    world.set.policies[0].regulator->to = formula(text, {"rate"});
    CHECK(stands(rate(world, 0), "window") == 0.05);
    CHECK(latest(world).step == Step::unknown);
  }
}

TEST_CASE("regulator: a sample that is no number is absent, whatever made it") {
  World world({batch_window()});
  rate(world, 20);
  for (const double bad : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    CHECK(stands(rate(world, bad), "window") == 0.05);
    CHECK(latest(world).step == Step::unknown);
    CHECK(latest(world).evidence.front().reason == AbsentReason::not_a_number);
  }
}

TEST_CASE("regulator: it is evaluated at its `every`, and what it wants stands in between") {
  auto policy = batch_window();
  policy.every = seconds(5);
  World world({policy});
  rate(world, 20);
  for (int i = 0; i < 4; ++i) {
    CHECK(stands(rate(world, 100), "window") == 0.05);
    CHECK(world.last.verdicts.empty());
  }
  CHECK(stands(rate(world, 100), "window") == 0.01);
}

TEST_CASE("regulator: shadow would, and touches nothing") {
  auto policy = batch_window();
  policy.mode = Mode::shadow;
  World world({policy});
  const auto& decision = rate(world, 20);
  CHECK(decision.desired.empty());
  REQUIRE(decision.would.size() == 1);
  CHECK(decision.would.front().value.arguments.at("window") == Argument{0.05});
}

TEST_CASE("regulator: what shadow had reached is not where an enforced lever starts") {
  auto policy = batch_window();
  policy.mode = Mode::shadow;
  policy.regulator->bounds.max_step = 0.01;
  World world({policy});
  for (int i = 0; i < 20; ++i) rate(world, 10);
  CHECK(latest(world).value == Approx(0.1));
  world.set.policies[0].mode = Mode::enforce;
  CHECK(stands(rate(world, 10), "window") == 0.01);
}

TEST_CASE("regulator: off gives the lever back") {
  World world({batch_window()});
  rate(world, 20);
  world.set.policies[0].mode = Mode::off;
  CHECK(rate(world, 20).desired.empty());
}

TEST_CASE("regulator: under a bar it moves only towards its baseline, or holds (S7, H37)") {
  World world({batch_window()});
  rate(world, 20);
  SECTION("a bar for all") { world.snapshot.bar = ForwardBar::ledger_lost; }
  SECTION("a pause of its own") { world.snapshot.paused = {"window"}; }
  CHECK(stands(rate(world, 10), "window") == 0.05);
  CHECK(latest(world).step == Step::blocked);
  CHECK_FALSE(gate_of(latest(world), GateKind::bar)->passed);
  CHECK(stands(rate(world, 50), "window") == 0.02);
  CHECK(stands(rate(world, 20), "window") == 0.02);
}

TEST_CASE("regulator: under a bar nothing is set that was not set before (S7)") {
  World world({batch_window()});
  world.snapshot.bar = ForwardBar::not_leader;
  CHECK(rate(world, 20).desired.empty());
  CHECK(latest(world).step == Step::blocked);
  world.snapshot.bar = ForwardBar::none;
  CHECK(stands(rate(world, 20), "window") == 0.05);
}

TEST_CASE("regulator: a policy of blocked_while holds it, and budgets never do") {
  auto policy = batch_window();
  policy.blocked_while = {"quick"};
  policy.limits.per_hour = 1;
  World world({quick_breaker(), policy});
  world.put_gauge(0.1);
  for (int i = 1; i <= 20; ++i) {
    world.put_gauge(0.1);
    rate(world, 20 + i);
  }
  CHECK(world.count(Step::adjusted) == 20);
  const double before = latest(world).value.value();
  world.put_gauge(0.9);
  rate(world, 10);
  CHECK(latest(world).step == Step::blocked);
  CHECK(latest(world).value == before);
}

TEST_CASE("regulator: it goes on from what the ledger holds, and starts anew without") {
  auto policy = batch_window();
  policy.regulator->bounds.max_step = 0.01;
  World world({policy});
  world.state = resumed(world.set, {}, world.now, {}, {{"window", {}, 0.08}});
  world.put_absent("rate");
  CHECK(stands(world.tick(), "window") == 0.08);
  CHECK(stands(rate(world, 1000), "window") == Approx(0.07));

  World beyond({policy});
  beyond.state = resumed(beyond.set, {}, beyond.now, {}, {{"window", {}, 7}, {"gone", {}, 1}});
  beyond.put_absent("rate");
  CHECK(stands(beyond.tick(), "window") == 0.1);

  World anew({policy});
  anew.state = resumed(anew.set, {}, anew.now);
  CHECK(stands(rate(anew, 10), "window") == 0.01);
}

TEST_CASE("regulator: a changed text starts anew") {
  World world({batch_window()});
  rate(world, 20);
  world.set.policies[0].hash = "other";
  world.put_absent("rate");
  CHECK(world.tick().desired.empty());
}

TEST_CASE("regulator: the same inputs give the same decisions") {
  World one({batch_window()});
  World other({batch_window()});
  for (int i = 0; i < 50; ++i) {
    CHECK(stands(rate(one, 10 + i), "window") == stands(rate(other, 10 + i), "window"));
  }
  CHECK(one.state == other.state);
}
