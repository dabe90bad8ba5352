// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/effects.hpp"

#include <catch2/catch.hpp>

#include "tests/policies/engine/world.hpp"

using namespace homeostat;
using namespace homeostat::testing;

namespace {

Policy promising(double within = 60) {
  auto policy = circuit_breaker();
  policy.expect = Expectation{kRatio, ExpectedMove::falls_by, 0.2, seconds(within)};
  return policy;
}

}  // namespace

TEST_CASE("effect: a promise is judged when it comes due, by the ratio without the prior") {
  World world({promising()});
  world.run(36, storm);
  world.run(70, calm);
  REQUIRE(world.effects.size() == 1);
  const auto& effect = world.effects[0];
  CHECK(effect.policy == "circuit-breaker");
  CHECK(effect.signal == kRatio);
  CHECK(effect.rung == 1);
  CHECK(effect.acted == origin() + seconds(35));
  CHECK(effect.judged == origin() + seconds(95));
  CHECK(*effect.before == Approx(0.8));
  CHECK(*effect.after == Approx(0.05));
  CHECK(effect.met == true);
}

TEST_CASE("effect: what shadow only thought of doing promises nothing") {
  auto policy = promising();
  policy.mode = GENERATE(Mode::shadow, Mode::canary);
  World world({policy});
  world.run(36, storm);
  REQUIRE(world.count(Step::opened) == 1);
  world.run(120, calm);
  CHECK(world.effects.empty());
}

TEST_CASE("effect: an act that moved nothing is told so, each rung by itself") {
  World world({promising(50)});
  world.run(160, storm);
  REQUIRE(world.effects.size() == 3);
  for (int i = 0; i < 3; ++i) {
    const auto& effect = world.effects[static_cast<std::size_t>(i)];
    CHECK(effect.rung == i + 1);
    CHECK(effect.met == false);
  }
}

TEST_CASE("effect: an idle fold counts as 0, an absent one as nothing") {
  World idle_world({promising()});
  idle_world.run(36, storm);
  idle_world.run(61, idle);
  REQUIRE(idle_world.effects.size() == 1);
  CHECK(idle_world.effects[0].after == 0.0);
  CHECK(idle_world.effects[0].met == true);
  World blind({promising()});
  blind.run(36, storm);
  blind.run(61, [](World& w) { w.put_absent(kRatio); });
  REQUIRE(blind.effects.size() == 1);
  CHECK_FALSE(blind.effects[0].after);
  CHECK_FALSE(blind.effects[0].met);
}

TEST_CASE("effect: a newer act of the same rung replaces the open promise") {
  const auto policy = promising();
  auto runtime = fresh_runtime(policy, {});
  promise_effect(policy, runtime, 1, 0.5, origin());
  promise_effect(policy, runtime, 2, 0.5, origin() + seconds(1));
  promise_effect(policy, runtime, 1, 0.7, origin() + seconds(2));
  REQUIRE(runtime.pending.size() == 2);
  CHECK(runtime.pending[0].effect.rung == 2);
  CHECK(runtime.pending[1].effect.before == 0.7);
  CHECK(runtime.pending[1].due == origin() + seconds(62));
}

TEST_CASE("effect: what counts as met") {
  using Row = std::tuple<ExpectedMove, double, std::optional<double>, std::optional<double>,
                         std::optional<bool>>;
  const auto row = GENERATE(values<Row>({
      {ExpectedMove::falls_by, 0.2, 0.5, 0.4, true},
      {ExpectedMove::falls_by, 0.2, 0.5, 0.41, false},
      {ExpectedMove::rises_by, 0.5, 2.0, 3.0, true},
      {ExpectedMove::rises_by, 0.5, 2.0, 2.9, false},
      {ExpectedMove::above, 10, 1.0, 10.0, false},
      {ExpectedMove::above, 10, 1.0, 11.0, true},
      {ExpectedMove::below, 0.1, 0.0, 0.05, true},
      {ExpectedMove::below, 0.1, 0.0, 0.1, false},
      {ExpectedMove::falls_by, 0.2, 0.0, 0.0, std::nullopt},
      {ExpectedMove::falls_by, 0.2, std::nullopt, 0.0, std::nullopt},
      {ExpectedMove::below, 0.1, 0.5, std::nullopt, std::nullopt},
  }));
  Effect effect;
  std::tie(effect.move, effect.amount, effect.before, effect.after, std::ignore) = row;
  CHECK(promise_met(effect) == std::get<4>(row));
}

TEST_CASE("effect: a gauge that should rise is read where it is lowest") {
  auto policy = quick_breaker();
  policy.hold.first = policy.hold.max = seconds(100);
  policy.expect = Expectation{"probe_up", ExpectedMove::above, 0.5, seconds(5)};
  World world({policy});
  world.run(7, [](World& w) {
    w.put_gauge(0.9);
    put(w.snapshot, gauge("probe_up", node("a"), 1, w.now));
    put(w.snapshot, gauge("probe_up", node("b"), 0, w.now));
  });
  REQUIRE(world.effects.size() == 1);
  CHECK(world.effects[0].after == 0.0);
  CHECK(world.effects[0].met == false);
}

TEST_CASE("effect: a gauge is read as it stands") {
  auto policy = quick_breaker();
  policy.ladder = {shed("class/batch")};
  policy.hold.first = policy.hold.max = seconds(100);
  policy.expect = Expectation{kGauge, ExpectedMove::below, 0.3, seconds(5)};
  World world({policy});
  world.run(1, [](World& w) { w.put_gauge(0.9); });
  world.run(6, [](World& w) { w.put_gauge(0.25); });
  REQUIRE(world.effects.size() == 1);
  CHECK(world.effects[0].before == 0.9);
  CHECK(world.effects[0].after == 0.25);
  CHECK(world.effects[0].met == true);
}
