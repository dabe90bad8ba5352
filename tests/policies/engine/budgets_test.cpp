// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/budgets.hpp"

#include <catch2/catch.hpp>

#include "tests/policies/engine/world.hpp"

using namespace homeostat;
using namespace homeostat::testing;

namespace {

/// Opens and closes the quick breakers again and again.
void flap(World& world, int rounds) {
  for (int i = 0; i < rounds; ++i) {
    world.run(3, [](World& w) { w.put_gauge(1); });
    world.run(5, [](World& w) { w.put_gauge(0); });
  }
}

Policy limited(const std::string& name = "quick") {
  auto policy = quick_breaker(name);
  policy.limits.per_hour = 6;
  return policy;
}

}  // namespace

TEST_CASE("budget: six forward acts an hour per policy, however often it would (S6, H24)") {
  World world({limited()});
  flap(world, 20);
  CHECK(world.count(Step::opened) == 6);
  CHECK(world.count(Step::closed) == 6);
  CHECK(world.memory("quick").state == BreakerState::closed);
  CHECK(world.count(Step::blocked) > 0);
  for (const auto& verdict : world.verdicts) {
    if (verdict.step != Step::blocked) continue;
    REQUIRE(gate_of(verdict, GateKind::policy_budget) != nullptr);
    CHECK(gate_of(verdict, GateKind::policy_budget)->margin == -1);
  }
}

TEST_CASE("budget: acts leave the window after an hour") {
  World world({limited()});
  flap(world, 20);
  world.now += seconds(3600);
  flap(world, 20);
  CHECK(world.count(Step::opened) == 12);
}

TEST_CASE("budget: a blocked policy opens as soon as there is budget and its condition holds") {
  World world({limited()});
  flap(world, 6);
  world.run(3600, [](World& w) { w.put_gauge(1); });
  CHECK(world.memory("quick").state == BreakerState::open);
  CHECK(world.count(Step::opened) == 7);
}

TEST_CASE("budget: climbing and re-opening count, giving back does not (S6)") {
  auto policy = circuit_breaker();
  policy.limits.per_hour = 4;
  World world({policy});
  world.run(110, storm);
  CHECK(budget_remaining(world.set, world.state, world.now).at("circuit-breaker") == 1);
  world.run(130, calm);
  REQUIRE(world.memory("circuit-breaker").state == BreakerState::half_open);
  CHECK(budget_remaining(world.set, world.state, world.now).at("circuit-breaker") == 1);
  world.run(12, storm);
  CHECK(world.count(Step::reopened) == 1);
  CHECK(budget_remaining(world.set, world.state, world.now).at("circuit-breaker") == 0);
}

TEST_CASE("budget: re-opening without budget is blocked and makes no progress either") {
  auto policy = circuit_breaker();
  policy.ladder.resize(1);
  policy.limits.per_hour = 1;
  World world({policy});
  world.run(36, storm);
  world.run(70, calm);
  REQUIRE(world.memory("circuit-breaker").state == BreakerState::half_open);
  world.run(200, storm);
  CHECK(world.memory("circuit-breaker").state == BreakerState::half_open);
  CHECK(world.memory("circuit-breaker").restore_step == 1);
  CHECK(latest(world).step == Step::blocked);
}

TEST_CASE("budget: ten forward acts an hour for all enforced policies together (S6)") {
  World world({limited("a"), limited("b"), limited("c")});
  world.set.settings.cluster_per_hour = 10;
  flap(world, 20);
  CHECK(world.count(Step::opened) == 10);
  CHECK(budget_remaining(world.set, world.state, world.now).at("cluster") == 0);
}

TEST_CASE("budget: what one policy does to several subjects in one step counts once") {
  auto policy = limited();
  policy.subjects = {node("a"), node("b"), node("c")};
  policy.ladder = {shed("")};
  policy.limits.per_hour = 1;
  World world({policy});
  world.set.settings.cluster_per_hour = 1;
  for (const char* name : {"a", "b"}) world.put_gauge(1, node(name));
  world.put_gauge(0, node("c"));
  world.tick();
  CHECK(world.count(Step::opened) == 2);
  CHECK(world.last.desired.size() == 2);
  world.put_gauge(1, node("c"));
  world.tick();
  CHECK(world.count(Step::opened) == 2);
}

TEST_CASE("budget: shadow spends a virtual budget of its own and none of the cluster's") {
  auto shadow = limited("a");
  shadow.mode = Mode::shadow;
  World world({shadow, limited("b")});
  world.set.settings.cluster_per_hour = 6;
  flap(world, 20);
  CHECK(world.count(Step::opened) == 12);
  const auto left = budget_remaining(world.set, world.state, world.now);
  CHECK(left == std::map<std::string, int>{{"a", 0}, {"b", 0}, {"cluster", 0}});
}

TEST_CASE("budget: what shadow spent in its mind is not missing when it is enforced (S6)") {
  const bool reloaded = GENERATE(false, true);
  auto policy = limited();
  policy.mode = Mode::shadow;
  World world({policy});
  flap(world, 20);
  REQUIRE(budget_remaining(world.set, world.state, world.now).at("quick") == 0);
  world.set.policies[0].mode = Mode::enforce;
  if (reloaded) {  // `mode: enforce` was written into the policy's file
    world.set.policies[0].hash = "other";
    world.state = carried_over(world.set, std::move(world.state), world.now);
  }
  CHECK(budget_remaining(world.set, world.state, world.now).at("quick") == 6);
  world.run(1, [](World& w) { w.put_gauge(1); });
  CHECK(world.last.desired.size() == 1);
}

TEST_CASE("budget: what was really done stays spent through a time in shadow (S6)") {
  World world({limited()});
  flap(world, 20);
  REQUIRE(world.count(Step::opened) == 6);
  world.set.policies[0].mode = Mode::shadow;
  world.run(5, [](World& w) { w.put_gauge(0); });
  world.set.policies[0].mode = Mode::enforce;
  flap(world, 5);
  CHECK(world.count(Step::opened) == 6);
}

TEST_CASE(
    "storm brake: after too many acts nothing moves forward until somebody has looked (H24)") {
  World world({quick_breaker()});
  world.set.settings.brake_acts = 5;
  flap(world, 8);
  CHECK(world.count(Step::opened) == 5);
  REQUIRE(world.state.braked);
  world.run(2, [](World& w) { w.put_gauge(1); });
  CHECK(latest(world).bar == ForwardBar::storm_brake);
  SECTION("not by itself, however long it takes") {
    world.now += std::chrono::hours{48};
    flap(world, 2);
    CHECK(world.count(Step::opened) == 5);
  }
  SECTION("nor by an acknowledgement from before, or of something else") {
    world.snapshot.acks = {{"cluster", *world.state.braked - seconds(1)},
                           {"policy/quick", world.now}};
    flap(world, 2);
    CHECK(world.count(Step::opened) == 5);
  }
  SECTION("after it, what was done before counts no more") {
    world.snapshot.acks = {{"cluster", world.now - seconds(0.5)}};
    world.tick();
    CHECK_FALSE(world.state.braked);
    flap(world, 8);
    CHECK(world.count(Step::opened) == 10);
  }
}

TEST_CASE("storm brake: acts far apart do not put it on, and neither does what shadow thought") {
  auto policy = quick_breaker();
  SECTION("far apart") {
    World world({policy});
    world.set.settings.brake_acts = 5;
    for (int i = 0; i < 8; ++i) {
      flap(world, 1);
      world.now += std::chrono::hours{2};
    }
    CHECK(world.count(Step::opened) == 8);
  }
  SECTION("in shadow") {
    policy.mode = Mode::shadow;
    World world({policy});
    world.set.settings.brake_acts = 5;
    flap(world, 8);
    CHECK(world.count(Step::opened) == 8);
  }
}

TEST_CASE("storm brake: what only watches goes on deciding as if there were none") {
  auto shadowed = quick_breaker("watches");
  shadowed.mode = Mode::shadow;
  World world({quick_breaker(), shadowed});
  world.set.settings.brake_acts = 1;
  flap(world, 3);
  REQUIRE(world.state.braked);
  int opened = 0;
  for (const auto& verdict : world.verdicts) {
    if (verdict.policy != "watches") continue;
    CHECK(verdict.bar == ForwardBar::none);
    opened += verdict.step == Step::opened ? 1 : 0;
  }
  CHECK(opened == 3);
}

TEST_CASE("storm brake: what was given back stays given back, and restoring goes on") {
  World world({quick_breaker()});
  world.set.settings.brake_acts = 1;
  world.run(3, [](World& w) { w.put_gauge(1); });
  REQUIRE(world.state.braked);
  CHECK(world.last.desired.size() == 1);
  world.run(5, [](World& w) { w.put_gauge(0); });
  CHECK(world.last.desired.empty());
}

TEST_CASE("storm brake: it survives a restart (S6)") {
  World world({quick_breaker()});
  world.set.settings.brake_acts = 1;
  world.run(3, [](World& w) { w.put_gauge(1); });
  world.state = resumed(world.set, {}, world.now, {}, {}, world.state.braked);
  world.run(3, [](World& w) { w.put_gauge(1); });
  CHECK(world.last.desired.empty());
}
