// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/effects.hpp"

#include <catch2/catch.hpp>
#include <tuple>

#include "tests/policies/engine/world.hpp"

using namespace homeostat;
using namespace homeostat::testing;

namespace {

Policy promising(double within = 60) {
  auto policy = circuit_breaker();
  policy.expect = Expectation{kRatio, ExpectedMove::falls_by, 0.2, seconds(within)};
  return policy;
}

/// The same with one rung: nothing else is aimed at the signal.
Policy alone(double within = 60) {
  auto policy = promising(within);
  policy.ladder = {shed("class/batch")};
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
  CHECK(effect.outcome == EffectOutcome::effective);
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

TEST_CASE("effect: an act that moved nothing is ineffective") {
  World world({alone()});
  world.run(100, storm);
  REQUIRE(world.effects.size() == 1);
  CHECK(world.effects[0].outcome == EffectOutcome::ineffective);
  CHECK(*world.effects[0].after == Approx(0.8));
}

TEST_CASE("effect: an act after which it is worse by what was promised is harmful") {
  World world({alone()});
  world.run(36, [](World& w) { w.put_ratio(15, 30); });
  REQUIRE(world.count(Step::opened) == 1);
  world.run(70, [](World& w) { w.put_ratio(19, 30); });
  REQUIRE(world.effects.size() == 1);
  CHECK(*world.effects[0].before == Approx(0.5));
  CHECK(*world.effects[0].after == Approx(19.0 / 30));
  CHECK(world.effects[0].outcome == EffectOutcome::harmful);
}

TEST_CASE("effect: after is pooled over the last quarter of the window, not one fold") {
  World world({alone(80)});
  world.run(36, storm);
  world.run(60, storm);
  // 20 s of the last quarter: three folds as before, one that is quiet by chance.
  world.run(14, storm);
  world.run(8, calm);
  REQUIRE(world.effects.size() == 1);
  CHECK(*world.effects[0].after > 0.5);
  CHECK(world.effects[0].outcome == EffectOutcome::ineffective);
}

TEST_CASE("effect: what fell because nobody is at work any more is inconclusive") {
  World world({alone()});
  world.run(36, storm);
  SECTION("idle") { world.run(61, idle); }
  SECTION("a fifth of the traffic") {
    world.run(61, [](World& w) { w.put_ratio(0, 6); });
  }
  REQUIRE(world.effects.size() == 1);
  CHECK(world.effects[0].after == 0.0);
  CHECK(world.effects[0].outcome == EffectOutcome::inconclusive);
  CHECK(world.effects[0].doubt == EffectDoubt::traffic_changed);
  CHECK(world.memory("circuit-breaker").benched.empty());
}

TEST_CASE("effect: no act is blamed for a rush of traffic") {
  World world({alone()});
  world.run(36, [](World& w) { w.put_ratio(15, 30); });
  world.run(70, [](World& w) { w.put_ratio(63, 70); });
  REQUIRE(world.effects.size() == 1);
  CHECK(world.effects[0].doubt == EffectDoubt::traffic_changed);
  CHECK(world.memory("circuit-breaker").rung == 1);
}

TEST_CASE("effect: samples that are missing make it inconclusive") {
  World world({alone(80)});
  world.run(36, storm);
  SECTION("at the end") {
    world.run(82, [](World& w) { w.put_absent(kRatio); });
    REQUIRE(world.effects.size() == 1);
    CHECK_FALSE(world.effects[0].after);
    CHECK(world.effects[0].doubt == EffectDoubt::unmeasured);
  }
  SECTION("for long, and known again at the end") {
    world.run(40, [](World& w) { w.put_absent(kRatio); });
    world.run(42, storm);
    REQUIRE(world.effects.size() == 1);
    CHECK(*world.effects[0].after == Approx(0.8));
    CHECK(world.effects[0].doubt == EffectDoubt::missing_samples);
  }
  CHECK(world.effects[0].outcome == EffectOutcome::inconclusive);
}

TEST_CASE("effect: what the daemon could not keep standing is not judged") {
  World world({alone()});
  world.run(36, storm);
  world.snapshot.bar = ForwardBar::ledger_lost;
  world.run(70, storm);
  REQUIRE(world.effects.size() == 1);
  CHECK(world.effects[0].doubt == EffectDoubt::barred);
}

TEST_CASE("effect: a rung that is given back before its time is judged there and then") {
  auto policy = alone(180);
  policy.open.arms[0].clear_for = seconds(10);
  SECTION("effective, when it was clear") {
    World world({policy});
    world.run(36, storm);
    world.run(100, calm);
    REQUIRE(world.effects.size() == 1);
    CHECK(world.effects[0].judged < origin() + seconds(136));
    CHECK(world.effects[0].outcome == EffectOutcome::effective);
  }
  SECTION("not to be blamed, when what was promised had not come yet") {
    policy.expect->signal = kGauge;
    World world({policy});
    world.run(36, [](World& w) {
      storm(w);
      w.put_gauge(5);
    });
    world.run(100, [](World& w) {
      calm(w);
      w.put_gauge(5);
    });
    REQUIRE(world.effects.size() == 1);
    CHECK(world.effects[0].outcome == EffectOutcome::inconclusive);
    CHECK(world.effects[0].doubt == EffectDoubt::given_back);
  }
}

TEST_CASE("effect: two acts aimed at one signal in one window are judged together") {
  SECTION("two rungs of one ladder") {
    World world({promising(50)});
    world.run(160, storm);
    REQUIRE(world.effects.size() == 3);
    for (int i = 0; i < 3; ++i) {
      const auto& effect = world.effects[static_cast<std::size_t>(i)];
      CHECK(effect.rung == i + 1);
      CHECK(effect.outcome == EffectOutcome::shared);
      CHECK(effect.before == world.effects[0].before);
    }
    CHECK(world.memory("circuit-breaker").benched.empty());
  }
  SECTION("two policies") {
    auto other = alone();
    other.name = "other";
    other.open.arms = {cusum_arm(0.15, 2)};
    World world({alone(), other});
    world.run(150, storm);
    REQUIRE(world.effects.size() == 2);
    CHECK(world.effects[0].policy != world.effects[1].policy);
    CHECK(world.effects[0].outcome == EffectOutcome::shared);
    CHECK(world.effects[1].outcome == EffectOutcome::shared);
  }
  SECTION("not with another subject's, another signal's, or shadow's") {
    auto other = alone();
    other.name = "other";
    SECTION("subject") { other.subjects = {node("a")}; }
    SECTION("signal") { other.expect->signal = kGauge; }
    SECTION("shadow") { other.mode = Mode::shadow; }
    World world({alone(), other});
    world.run(100, [](World& w) {
      storm(w);
      w.put_gauge(5);
      w.put_ratio(24, 30, node("a"));
    });
    REQUIRE_FALSE(world.effects.empty());
    for (const auto& effect : world.effects) CHECK(effect.outcome == EffectOutcome::ineffective);
  }
}

TEST_CASE("effect: a newer act of the same rung replaces the open promise") {
  World world({promising()});
  storm(world);
  auto& policy = world.set.policies[0];
  auto& runtime = world.state.policies[{policy.name, Subject{}}];
  runtime = fresh_runtime(policy, {});
  for (const int rung : {1, 2, 1}) {
    promise_effect(world.set, world.snapshot, world.state, policy, runtime, rung, world.now);
    world.now += seconds(1);
  }
  REQUIRE(runtime.pending.size() == 2);
  CHECK(runtime.pending[0].effect.rung == 2);
  CHECK(runtime.pending[1].effect.rung == 1);
  CHECK(runtime.pending[1].due == origin() + seconds(62));
}

TEST_CASE("effect: what counts as moved, by before and after alone") {
  using Row =
      std::tuple<ExpectedMove, double, std::optional<double>, std::optional<double>, EffectOutcome>;
  const auto effective = EffectOutcome::effective;
  const auto ineffective = EffectOutcome::ineffective;
  const auto harmful = EffectOutcome::harmful;
  const auto inconclusive = EffectOutcome::inconclusive;
  const auto row = GENERATE_COPY(values<Row>({
      {ExpectedMove::falls_by, 0.2, 0.5, 0.4, effective},
      {ExpectedMove::falls_by, 0.2, 0.5, 0.41, ineffective},
      {ExpectedMove::falls_by, 0.2, 0.5, 0.59, ineffective},
      {ExpectedMove::falls_by, 0.2, 0.5, 0.6, harmful},
      {ExpectedMove::rises_by, 0.5, 2.0, 3.0, effective},
      {ExpectedMove::rises_by, 0.5, 2.0, 2.9, ineffective},
      {ExpectedMove::rises_by, 0.5, 2.0, 1.1, ineffective},
      {ExpectedMove::rises_by, 0.5, 2.0, 1.0, harmful},
      {ExpectedMove::above, 10, 4.0, 11.0, effective},
      {ExpectedMove::above, 10, 4.0, 10.0, ineffective},
      {ExpectedMove::above, 10, 4.0, -1.9, ineffective},
      {ExpectedMove::above, 10, 4.0, -2.0, harmful},
      {ExpectedMove::below, 0.1, 0.3, 0.05, effective},
      {ExpectedMove::below, 0.1, 0.3, 0.1, ineffective},
      {ExpectedMove::below, 0.1, 0.3, 0.49, ineffective},
      {ExpectedMove::below, 0.1, 0.3, 0.5, harmful},
      {ExpectedMove::below, 0.1, 0.05, 0.04, inconclusive},
      {ExpectedMove::below, 0.1, 0.05, 0.4, inconclusive},
      {ExpectedMove::falls_by, 0.2, 0.0, 0.0, inconclusive},
      {ExpectedMove::falls_by, 0.2, std::nullopt, 0.0, inconclusive},
      {ExpectedMove::below, 0.1, 0.5, std::nullopt, inconclusive},
  }));
  Effect effect;
  std::tie(effect.move, effect.amount, effect.before, effect.after, std::ignore) = row;
  judge_move(effect);
  CAPTURE(effect.move, *effect.before, *effect.after);
  CHECK(effect.outcome == std::get<4>(row));
  CHECK((effect.doubt == EffectDoubt::none) == (effect.outcome != inconclusive));
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
  CHECK(world.effects[0].outcome == EffectOutcome::ineffective);
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
  CHECK(world.effects[0].outcome == EffectOutcome::effective);
}
