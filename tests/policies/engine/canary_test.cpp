// SPDX-License-Identifier: Apache-2.0
// Canary over keys, driven through decide(): on which share, and what it takes to get further.
#include "policies/engine/canary.hpp"

#include <catch2/catch.hpp>

#include "policies/engine/canary_share.hpp"
#include "tests/policies/engine/world.hpp"

using namespace homeostat;
using namespace homeostat::testing;

namespace {

/// 1 % for ten minutes, 15 % for ten minutes; three acts judged on each.
Policy tried_on_keys() {
  auto policy = circuit_breaker();
  policy.mode = Mode::canary;
  policy.ladder.resize(1);
  policy.canary.steps = {{0.01, seconds(600)}, {0.15, seconds(600)}};
  return policy;
}

const CanaryMemory& canary(const World& world) { return world.state.canaries.at(kCircuitBreaker); }

void until_closed(World& world) {
  for (int i = 0; i < 1200 && world.memory(kCircuitBreaker).state != BreakerState::closed; ++i) {
    world.run(1, calm);
  }
  REQUIRE(world.memory(kCircuitBreaker).state == BreakerState::closed);
}

/// Opens, and what tripped stays for as long after that.
void incident(World& world, int seconds_after) {
  world.run(1, storm);
  for (int i = 0; i < 600 && world.memory(kCircuitBreaker).state == BreakerState::closed; ++i) {
    world.run(1, storm);
  }
  REQUIRE(world.memory(kCircuitBreaker).state == BreakerState::open);
  world.run(seconds_after, storm);
  until_closed(world);
}

void needed(World& world) { incident(world, 60); }
void needless(World& world) { incident(world, 0); }

void acknowledge(World& world, TimePoint at) {
  world.snapshot.acks = {{policy_scope(kCircuitBreaker), at}};
}

World demoted_world() {
  World world({tried_on_keys()});
  for (int i = 0; i < 3; ++i) needless(world);
  REQUIRE(canary(world).demoted);
  return world;
}

}  // namespace

TEST_CASE("canary: it acts on its share of the keys, always the same ones") {
  World world({tried_on_keys()});
  world.run(60, storm);
  REQUIRE(world.last.desired.size() == 1);
  CHECK(*world.admits("class/rebuildable") == Approx(0.99));
  CHECK(world.last.desired[0].share == 0.01);
  CHECK(latest(world).share == 0.01);
  CHECK(latest(world).acts());
  CHECK(world.last.would.empty());
}

TEST_CASE("canary: a rung that admits some sheds its share of the others only") {
  auto policy = tried_on_keys();
  policy.ladder = {shed("class/batch", 0.6)};
  World world({policy});
  world.run(60, storm);
  CHECK(*world.admits("class/batch") == Approx(1 - 0.01 * 0.4));
}

TEST_CASE("canary: an opening is right when what tripped lasts although nearly all is left alone") {
  World world({tried_on_keys()});
  needed(world);
  CHECK(canary(world).passed == 1);
  CHECK(canary(world).failed == 0);
  needless(world);
  CHECK(canary(world).passed == 1);
  CHECK(canary(world).failed == 1);
}

TEST_CASE("canary: what cannot be seen for a quarter of the trial is not judged") {
  World world({tried_on_keys()});
  world.run(36, storm);
  REQUIRE(world.memory(kCircuitBreaker).state == BreakerState::open);
  world.run(20, [](World& w) { w.put_absent(kRatio); });
  world.run(60, storm);
  CHECK(canary(world).passed == 0);
  CHECK(canary(world).failed == 0);
}

TEST_CASE("canary: time alone never promotes") {
  World world({tried_on_keys()});
  world.run(3600, calm);
  needed(world);
  needed(world);
  world.run(3600, calm);
  CHECK(canary(world).step == 0);
  CHECK(canary(world).passed == 2);
}

TEST_CASE("canary: with its time and enough right acts it goes on, in the end to everything") {
  World world({tried_on_keys()});
  for (int i = 0; i < 3; ++i) needed(world);
  world.run(600, calm);
  CHECK(canary(world).step == 1);
  CHECK(canary(world).passed == 0);
  for (int i = 0; i < 3; ++i) needed(world);
  world.run(600, calm);
  CHECK(canary(world).step == 2);
  world.run(60, storm);
  CHECK(*world.admits("class/rebuildable") == 0.0);
  CHECK(world.last.desired[0].share == 1);
}

TEST_CASE("canary: nothing goes a step on while something of it is open") {
  auto policy = tried_on_keys();
  policy.canary.steps[0].hold_for = seconds(1);
  policy.canary.min_acts = 1;
  World world({policy});
  world.run(120, storm);
  REQUIRE(canary(world).passed == 1);
  CHECK(canary(world).step == 0);
  CHECK(*world.admits("class/rebuildable") == Approx(0.99));
  until_closed(world);
  world.run(1, calm);
  CHECK(canary(world).step == 1);
}

TEST_CASE("canary: a policy that opens needlessly never leaves its first step, and only watches") {
  World world({tried_on_keys()});
  double most = 0;
  for (int i = 0; i < 8; ++i) {
    world.run(45, [&](World& w) {
      storm(w);
      for (const auto& lever : w.last.desired) {
        most = std::max(most, 1 - std::get<double>(lever.value.arguments.at("admit")));
      }
    });
    until_closed(world);
  }
  CHECK(most == Approx(0.01));
  CHECK(canary(world).demoted);
  CHECK(canary(world).failed == 3);
  world.run(60, storm);
  CHECK(world.last.desired.empty());
  CHECK(world.last.would.size() == 1);
  CHECK_FALSE(latest(world).acts());
}

TEST_CASE("canary: on a later step too many failures go one step back, to begin that anew") {
  World world({tried_on_keys()});
  for (int i = 0; i < 3; ++i) needed(world);
  world.run(600, calm);
  REQUIRE(canary(world).step == 1);
  for (int i = 0; i < 3; ++i) needless(world);
  CHECK(canary(world).step == 0);
  CHECK_FALSE(canary(world).demoted);
  CHECK(canary(world).failed == 0);
}

TEST_CASE("canary: an acknowledgement after the demotion begins it anew, an older one does not") {
  auto world = demoted_world();
  acknowledge(world, canary(world).since - seconds(1));
  world.run(2, calm);
  CHECK(canary(world).demoted);
  acknowledge(world, world.now);
  world.run(2, calm);
  CHECK_FALSE(canary(world).demoted);
  CHECK(canary(world).step == 0);
  CHECK(canary(world).failed == 0);
}

TEST_CASE("canary: a changed text begins anew by itself") {
  auto world = demoted_world();
  world.set.policies[0].hash = "another";
  world.state = carried_over(world.set, std::move(world.state), world.now);
  world.run(1, calm);
  CHECK_FALSE(canary(world).demoted);
}

TEST_CASE("canary: how far it has come survives a restart, also demoted") {
  auto world = demoted_world();
  const auto before = canary(world);
  const auto kept = memories(world.state);
  REQUIRE(kept.size() == 1);
  world.state = resumed(world.set, kept, world.now);
  CHECK(canary(world) == before);
  world.run(60, storm);
  CHECK(world.last.desired.empty());
}

TEST_CASE("canary: what a leader leaves that gives everything back is how far it has come") {
  World world({tried_on_keys(), quick_breaker()});
  world.run(60, storm);
  const auto left = lasting_memories(world.state, world.now);
  REQUIRE(left.size() == 1);
  CHECK(left[0].policy == kCircuitBreaker);
  CHECK(left[0].state == BreakerState::closed);
  CHECK(left[0].canary == canary(world));
}

TEST_CASE("canary: the real budgets count what it does") {
  World world({tried_on_keys()});
  needed(world);
  CHECK(world.state.cluster_acts.size() == 1);
}

TEST_CASE("canary: a changed policy that is enforced begins in canary when the settings say so") {
  auto policy = circuit_breaker();
  World world({policy});
  world.set.settings.changed_policies = ChangedPolicies::canary;
  world.run(60, storm);
  CHECK(*world.admits("class/rebuildable") == Approx(0.99));
  until_closed(world);
  SECTION("it is not asked again once it is through") {
    world.state.canaries.at(kCircuitBreaker).step = 2;
    world.state = resumed(world.set, memories(world.state), world.now);
    world.run(60, storm);
    CHECK(*world.admits("class/rebuildable") == 0.0);
  }
  SECTION("taking the setting back lets it act as its mode says") {
    world.set.settings.changed_policies = ChangedPolicies::keep;
    world.run(60, storm);
    CHECK(*world.admits("class/rebuildable") == 0.0);
  }
}

TEST_CASE("canary: or waits in shadow until it is acknowledged, and then acts as its mode says") {
  World world({circuit_breaker()});
  world.set.settings.changed_policies = ChangedPolicies::shadow;
  world.run(60, storm);
  CHECK(world.last.desired.empty());
  until_closed(world);
  acknowledge(world, world.now);
  world.run(60, storm);
  CHECK(*world.admits("class/rebuildable") == 0.0);
}

TEST_CASE("canary: what was enforced before with the same text goes on when the setting comes") {
  World world({circuit_breaker()});
  world.run(10, calm);
  world.set.settings.changed_policies = ChangedPolicies::canary;
  world.run(60, storm);
  CHECK(*world.admits("class/rebuildable") == 0.0);
}
