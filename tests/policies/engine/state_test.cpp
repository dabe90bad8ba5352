// SPDX-License-Identifier: Apache-2.0
// What survives a restart, a change of leader and a reload.
#include "policies/engine/state.hpp"

#include <catch2/catch.hpp>

#include "policies/engine/budgets.hpp"
#include "tests/policies/engine/world.hpp"

using namespace homeostat;
using namespace homeostat::testing;

namespace {

/// A new supervisor on what the old one kept.
World restarted(const World& old, double pause = 3) {
  World world(old.set.policies);
  world.now = old.now + seconds(pause);
  world.state = resumed(world.set, memories(old.state), world.now);
  return world;
}

}  // namespace

TEST_CASE(
    "resumed: the same rung is held after a restart, nothing is climbed or given back (H19)") {
  World old({circuit_breaker()});
  old.run(75, storm);
  REQUIRE(old.memory(kCircuitBreaker).rung == 2);
  auto world = restarted(old);
  CHECK(world.memory(kCircuitBreaker) == old.memory(kCircuitBreaker));
  world.run(1, calm);
  REQUIRE(world.last.desired.size() == 2);
  CHECK(world.last.desired[0].reason == "circuit-breaker resumed");
  world.run(30, calm);
  CHECK(world.last.desired.size() == 2);
  CHECK(world.count(Step::opened) + world.count(Step::climbed) == 0);
}

TEST_CASE("resumed: clear_for counts from the restart, then all comes back") {
  World old({circuit_breaker()});
  old.run(36, storm);
  old.run(55, calm);
  auto world = restarted(old);
  const auto from = world.now;
  world.run(160, calm);
  REQUIRE(world.first(Step::restored, from));
  CHECK(*world.first(Step::restored, from) - to_seconds(from - origin()) >= 60);
  CHECK(world.memory(kCircuitBreaker).state == BreakerState::closed);
}

TEST_CASE("resumed: a half-open breaker keeps its step and does not restore at once") {
  World old({circuit_breaker()});
  old.run(36, storm);
  while (old.memory(kCircuitBreaker).restore_step != 1) old.run(1, calm);
  old.run(28, calm);
  REQUIRE(old.memory(kCircuitBreaker).restore_step == 1);
  auto world = restarted(old);
  world.run(25, calm);
  CHECK(world.memory(kCircuitBreaker).restore_step == 1);
  CHECK(world.admits("class/rebuildable") == 0.05);
  world.run(20, calm);
  CHECK(world.memory(kCircuitBreaker).restore_step == 2);
}

TEST_CASE("resumed: a storm that goes on climbs on, with evidence of its own") {
  World old({circuit_breaker()});
  old.run(36, storm);
  auto world = restarted(old);
  world.run(30, storm);
  CHECK(world.memory(kCircuitBreaker).rung == 1);
  world.run(15, storm);
  CHECK(world.memory(kCircuitBreaker).rung == 2);
}

TEST_CASE("resumed: alerts go on since the opening") {
  auto policy = circuit_breaker();
  policy.alert = AlertSpec{};
  World old({policy});
  old.run(36, storm);
  auto world = restarted(old);
  world.run(1, calm);
  REQUIRE(world.last.alerts.size() == 1);
  CHECK(world.last.alerts[0].since == origin() + seconds(35));
}

TEST_CASE("resumed: memories of a changed or lost policy or subject are dropped (H35)") {
  World old({circuit_breaker()});
  old.run(36, storm);
  const auto kept = memories(old.state);
  REQUIRE(kept.size() == 1);
  auto changed = old.set;
  changed.policies[0].hash = "other";
  CHECK(resumed(changed, kept, old.now).policies.empty());
  changed = old.set;
  changed.policies[0].subjects = {node("a")};
  CHECK(resumed(changed, kept, old.now).policies.empty());
  CHECK(resumed({}, kept, old.now).policies.empty());
}

TEST_CASE("resumed: a closed breaker that just closed still grows its hold") {
  World old({circuit_breaker()});
  old.run(36, storm);
  old.run(200, calm);
  REQUIRE(old.memory(kCircuitBreaker).state == BreakerState::closed);
  auto world = restarted(old);
  world.run(41, storm);
  CHECK(world.memory(kCircuitBreaker).hold == seconds(120));
}

TEST_CASE("resumed: a restart does not give the budgets back (S6)") {
  auto policy = circuit_breaker();
  policy.limits.per_hour = 6;
  World old({policy});
  old.set.settings.cluster_per_hour = 10;
  old.run(75, storm);
  auto world = restarted(old);
  world.set.settings.cluster_per_hour = 10;
  auto left = budget_remaining(world.set, world.state, world.now);
  CHECK(left.at(kCircuitBreaker) == 4);
  CHECK(left.at("cluster") == 8);

  const std::vector<ForwardAct> acts{
      {kCircuitBreaker, origin()}, {"other", origin()}, {kCircuitBreaker, old.now}};
  const auto known = resumed(old.set, memories(old.state), old.now, acts);
  left = budget_remaining(old.set, known, old.now);
  CHECK(left.at(kCircuitBreaker) == 4);
  CHECK(left.at("cluster") == 7);
}

TEST_CASE("resumed: nonsense in the ledger is made sense of") {
  World world({circuit_breaker()});
  PolicyMemory memory;
  memory.policy = kCircuitBreaker;
  memory.policy_hash = "c0ffee";
  memory.state = BreakerState::half_open;
  memory.rung = 7;
  memory.restore_step = 9;
  memory.changed = memory.opened = world.now + seconds(1000);
  world.state = resumed(world.set, {memory}, world.now);
  CHECK(world.memory(kCircuitBreaker).rung == 3);
  CHECK(world.memory(kCircuitBreaker).restore_step == 0);
  CHECK(world.memory(kCircuitBreaker).hold == seconds(60));
  CHECK(world.memory(kCircuitBreaker).opened == world.now);
  world.run(300, calm);
  CHECK(world.memory(kCircuitBreaker).state == BreakerState::closed);
}

TEST_CASE("carried over: an unchanged policy keeps everything, a changed one starts closed") {
  auto other = circuit_breaker();
  other.name = "other";
  other.hash = "1";
  World world({circuit_breaker(), other});
  world.run(36, storm);
  auto set = world.set;
  set.policies[1].hash = "2";
  const auto state = carried_over(set, world.state, world.now);
  REQUIRE(state.policies.size() == 1);
  CHECK(state.policies.begin()->second == world.state.policies.begin()->second);
  CHECK(state.forward_acts == world.state.forward_acts);
  CHECK(state.signals == world.state.signals);
}

TEST_CASE("memories: only what may be resumed, in order of policy and subject") {
  auto shadow = circuit_breaker();
  shadow.name = "a-shadow";
  shadow.mode = Mode::shadow;
  auto alert = circuit_breaker();
  alert.name = "b-alert";
  alert.mode = Mode::shadow;
  alert.kind = PolicyKind::alert;
  World world({shadow, alert, circuit_breaker()});
  world.run(1, calm);
  const auto kept = memories(world.state);
  REQUIRE(kept.size() == 2);
  CHECK(kept[0].policy == "b-alert");
  CHECK(kept[1].policy == kCircuitBreaker);
}
