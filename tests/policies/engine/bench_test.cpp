// SPDX-License-Identifier: Apache-2.0
// What follows from an act's outcome, driven through decide().
#include "policies/engine/bench.hpp"

#include <catch2/catch.hpp>

#include "tests/policies/engine/world.hpp"

using namespace homeostat;
using namespace homeostat::testing;

namespace {

/// Its window ends before the next rung is climbed: each act is judged alone.
Policy judged_alone(int rungs = 3) {
  auto policy = circuit_breaker();
  policy.ladder.resize(static_cast<std::size_t>(rungs));
  policy.climb_after = seconds(40);
  policy.expect = Expectation{kRatio, ExpectedMove::falls_by, 0.2, seconds(20)};
  policy.bench = {seconds(600), 2, seconds(3600), 3};
  return policy;
}

void worse(World& world) { world.put_ratio(29, 30); }
void middling(World& world) { world.put_ratio(15, 30); }

/// A storm that is over by itself once `seconds` have gone; then everything is given back.
void storm_and_calm(World& world, int seconds) {
  world.run(seconds, storm);
  for (int i = 0; i < 600 && world.memory(kCircuitBreaker).state != BreakerState::closed; ++i) {
    world.run(1, calm);
  }
  REQUIRE(world.memory(kCircuitBreaker).state == BreakerState::closed);
}

/// To where a rung that was ineffective has been benched for it, and the storm is over.
World after_one_try(Policy policy) {
  World world({std::move(policy)});
  storm_and_calm(world, 60);
  REQUIRE(world.effects.size() == 1);
  REQUIRE(world.effects[0].outcome == EffectOutcome::ineffective);
  return world;
}

}  // namespace

TEST_CASE(
    "bench: an ineffective rung stays engaged while the breaker is open, and the next is taken") {
  World world({judged_alone()});
  world.run(60, storm);
  const auto& memory = world.memory(kCircuitBreaker);
  REQUIRE(memory.benched.size() == 1);
  CHECK(memory.benched[0].rung == 1);
  CHECK(memory.benched[0].tries == 1);
  CHECK(memory.benched[0].length == seconds(600));
  CHECK(world.admits("class/rebuildable") == 0.0);
  world.run(30, storm);
  CHECK(world.memory(kCircuitBreaker).rung == 2);
  CHECK(world.admits("class/rebuildable") == 0.0);
  CHECK(world.admits("class/batch") == 0.0);
}

TEST_CASE("bench: a benched rung is passed over by the next opening, and the verdict says so") {
  auto world = after_one_try(judged_alone());
  world.verdicts.clear();
  world.run(40, storm);
  CHECK(world.count(Step::opened) == 1);
  CHECK(world.memory(kCircuitBreaker).rung == 2);
  CHECK_FALSE(world.admits("class/rebuildable"));
  CHECK(world.admits("class/batch") == 0.0);
  for (const auto& verdict : world.verdicts) {
    if (verdict.step != Step::opened) continue;
    CHECK(verdict.took == 2);
    const auto* gate = gate_of(verdict, GateKind::benched);
    REQUIRE(gate != nullptr);
    CHECK(gate->rung == 1);
    CHECK_FALSE(gate->passed);
    CHECK(gate->threshold == 0);
    CHECK(gate->value > 0);
    CHECK(gate->margin == -gate->value);
  }
}

TEST_CASE("bench: the last rung left comes back in steps, whichever it is") {
  auto world = after_one_try(judged_alone());
  world.run(40, storm);
  REQUIRE(world.memory(kCircuitBreaker).rung == 2);
  std::vector<double> shares;
  world.run(300, [&](World& w) {
    calm(w);
    const auto admits = w.admits("class/batch");
    if (admits && (shares.empty() || shares.back() != *admits)) shares.push_back(*admits);
  });
  CHECK(shares == std::vector<double>{0, 0.05, 0.25});
  CHECK(world.memory(kCircuitBreaker).state == BreakerState::closed);
  CHECK_FALSE(world.admits("class/rebuildable"));
}

TEST_CASE("bench: it grows with each try in a row, and is the longest after the last") {
  auto policy = judged_alone(1);
  World world({policy});
  for (const double length : {600.0, 1200.0, 3600.0, 3600.0}) {
    storm_and_calm(world, 60);
    const auto& benched = world.memory(kCircuitBreaker).benched.at(0);
    CHECK(benched.length == seconds(length));
    world.run(static_cast<int>(length), calm);
  }
  CHECK(world.effects.size() == 4);
}

TEST_CASE("bench: a try long after the bench was over is the first again") {
  auto world = after_one_try(judged_alone(1));
  world.run(600 + 3600, calm);
  storm_and_calm(world, 60);
  CHECK(world.memory(kCircuitBreaker).benched.at(0).tries == 1);
  CHECK(world.memory(kCircuitBreaker).benched.at(0).length == seconds(600));
}

TEST_CASE("bench: a rung that proves itself is held nothing against any more") {
  auto world = after_one_try(judged_alone(1));
  world.run(600, calm);
  world.run(36, storm);
  REQUIRE(world.memory(kCircuitBreaker).rung == 1);
  world.run(30, calm);
  CHECK(world.effects.back().outcome == EffectOutcome::effective);
  CHECK(world.memory(kCircuitBreaker).benched.empty());
}

TEST_CASE(
    "bench: with every rung benched it is blocked, alerts, and tries again when one is over") {
  auto policy = judged_alone(2);
  policy.alert = AlertSpec{};
  World world({policy});
  storm_and_calm(world, 120);
  REQUIRE(world.memory(kCircuitBreaker).benched.size() == 2);
  world.verdicts.clear();
  world.run(60, storm);
  CHECK(world.memory(kCircuitBreaker).state == BreakerState::closed);
  CHECK(world.last.desired.empty());
  CHECK(world.last.alerts.size() == 1);
  REQUIRE(latest(world).step == Step::blocked);
  int gates = 0;
  for (const auto& gate : latest(world).gates) gates += gate.kind == GateKind::benched ? 1 : 0;
  CHECK(gates == 2);
  CHECK_FALSE(gate_of(latest(world), GateKind::rungs)->passed);
  world.run(600, storm);
  CHECK(world.count(Step::opened) == 1);
  CHECK(world.memory(kCircuitBreaker).rung >= 1);
}

TEST_CASE("bench: a rung that was left out is tried again in a long storm") {
  auto world = after_one_try(judged_alone(2));
  world.run(600, storm);
  CHECK(world.admits("class/batch") == 0.0);
  CHECK(world.admits("class/rebuildable") == 0.0);
  CHECK(world.memory(kCircuitBreaker).rung == 2);
  CHECK(world.memory(kCircuitBreaker).benched.at(0).tries == 2);
}

TEST_CASE("bench: an arm with max_rung takes no higher rung for the sake of one that is benched") {
  auto policy = judged_alone();
  policy.open.arms[0].max_rung = 1;
  auto world = after_one_try(policy);
  world.run(100, storm);
  CHECK(world.memory(kCircuitBreaker).state == BreakerState::closed);
  CHECK(latest(world).step == Step::blocked);
}

TEST_CASE("bench: a harmful rung is given back at once and benched for the longest time") {
  World world({judged_alone(1)});
  world.run(36, middling);
  REQUIRE(world.admits("class/batch").has_value() == false);
  REQUIRE(world.admits("class/rebuildable") == 0.0);
  world.run(25, worse);
  CHECK(world.effects.at(0).outcome == EffectOutcome::harmful);
  CHECK(world.last.desired.empty());
  const auto& memory = world.memory(kCircuitBreaker);
  CHECK(memory.benched.at(0).harmful);
  CHECK(memory.benched.at(0).length == seconds(3600));
  SECTION("open with nothing engaged, it tries again when the bench is over") {
    CHECK(memory.state == BreakerState::open);
    CHECK(memory.rung == 0);
    world.run(3500, worse);
    CHECK(world.last.desired.empty());
    world.run(120, worse);
    CHECK(world.count(Step::climbed) >= 1);
  }
  SECTION("and it closes when the storm is over") {
    world.run(120, calm);
    CHECK(world.memory(kCircuitBreaker).state == BreakerState::closed);
  }
}

TEST_CASE("bench: of two rungs only the harmful one is given back, by the reconciler too") {
  World world({judged_alone(2)});
  world.run(60, middling);
  REQUIRE(world.effects.at(0).outcome == EffectOutcome::ineffective);
  // The second rung is climbed 40 s after the first.
  world.run(20, middling);
  REQUIRE(world.memory(kCircuitBreaker).rung == 2);
  world.run(25, worse);
  REQUIRE(world.effects.at(1).outcome == EffectOutcome::harmful);
  CHECK(world.memory(kCircuitBreaker).rung == 1);
  CHECK(world.admits("class/rebuildable") == 0.0);
  CHECK_FALSE(world.admits("class/batch"));
  CHECK(harmful_levers(world.set, world.state, world.now) ==
        std::set<LeverKey>{{"feature", "class/batch"}});
}

TEST_CASE("bench: giving back is never barred") {
  World world({judged_alone(1)});
  world.run(36, middling);
  world.set.policies[0].limits.per_hour = 0;
  world.run(25, worse);
  REQUIRE(world.effects.at(0).outcome == EffectOutcome::harmful);
  CHECK(world.last.desired.empty());
}

TEST_CASE("bench: shared and inconclusive have no consequence") {
  auto policy = judged_alone();
  for (const auto outcome : {EffectOutcome::shared, EffectOutcome::inconclusive}) {
    PolicyMemory memory;
    memory.rung = 1;
    follow_outcome(policy, memory, 1, EffectOutcome::ineffective, origin());
    const auto before = memory;
    follow_outcome(policy, memory, 1, outcome, origin() + seconds(5));
    CHECK(memory == before);
  }
}

TEST_CASE("bench: what is benched survives a restart, and what was left out stays out") {
  auto world = after_one_try(judged_alone());
  world.run(40, storm);
  REQUIRE(world.memory(kCircuitBreaker).rung == 2);
  const auto kept = memories(world.state);
  world.state = resumed(world.set, kept, world.now);
  CHECK(world.memory(kCircuitBreaker).benched == kept[0].benched);
  world.run(2, storm);
  CHECK_FALSE(world.admits("class/rebuildable"));
  CHECK(world.admits("class/batch") == 0.0);
}

TEST_CASE("bench: a memory that does not fit the ladder is mended") {
  const auto policy = judged_alone(2);
  PolicyMemory kept;
  kept.policy = kCircuitBreaker;
  kept.policy_hash = policy.hash;
  kept.state = BreakerState::open;
  kept.rung = 2;
  kept.benched = {{1, 1, false, false, origin() + seconds(50), seconds(10)},
                  {2, 0, true, true, origin(), seconds(10)},
                  {7, 1, false, true, origin(), seconds(10)}};
  World world({policy});
  world.state = resumed(world.set, {kept}, origin());
  const auto& memory = world.memory(kCircuitBreaker);
  CHECK(memory.rung == 1);
  REQUIRE(memory.benched.size() == 2);
  CHECK(memory.benched[0].since == origin());
  CHECK_FALSE(memory.benched[1].skipped);
}
