// SPDX-License-Identifier: Apache-2.0
// From zones to the node that holds them, driven through decide().
#include "policies/engine/escalation.hpp"

#include <catch2/catch.hpp>

#include "tests/policies/engine/world.hpp"

using namespace homeostat;
using namespace homeostat::testing;

namespace {

Subject zone_at(int number) { return {SubjectKind::zone, std::to_string(number)}; }

/// Zones 1 to 4 on node a and 5 to 8 on node b; each opens with its first breach.
Policy isolation() {
  auto policy = quick_breaker("isolation");
  policy.subjects.clear();
  policy.escalate.emplace();
  for (int number = 1; number <= 8; ++number) {
    policy.subjects.push_back(zone_at(number));
    policy.escalate->holders[zone_at(number)] = node(number <= 4 ? "a" : "b");
  }
  policy.ladder = {shed("", 0)};
  return policy;
}

/// One step in which these zones are breached and the others well.
void one_step(World& world, const std::vector<int>& bad) {
  for (int number = 1; number <= 8; ++number) {
    const bool breached = std::find(bad.begin(), bad.end(), number) != bad.end();
    world.put_gauge(breached ? 1 : 0, zone_at(number));
  }
  world.tick();
}

std::vector<std::string> targets(const World& world) {
  std::vector<std::string> out;
  for (const auto& lever : world.last.desired) out.push_back(lever.key.target);
  return out;
}

const Verdict& verdict_of(const World& world, int number) {
  for (const auto& verdict : world.last.verdicts) {
    if (verdict.subject == zone_at(number)) return verdict;
  }
  throw std::logic_error("no verdict of that zone");
}

using Targets = std::vector<std::string>;

}  // namespace

TEST_CASE("escalation: from the share on, the node stands for its zones") {
  World world({isolation()});
  one_step(world, {1});
  CHECK(targets(world) == Targets{"zone/1"});
  one_step(world, {1, 5});
  CHECK(targets(world) == Targets{"zone/1", "zone/5"});
  one_step(world, {1, 2, 5});
  CHECK(targets(world) == Targets{"node/a", "zone/5"});
  CHECK(world.last.desired[0].subject == node("a"));
  one_step(world, {1, 2, 3, 5});
  CHECK(targets(world) == Targets{"node/a", "zone/5"});
}

TEST_CASE("escalation: with fewer open again each zone stands for itself, and then none") {
  World world({isolation()});
  one_step(world, {1, 2});
  REQUIRE(targets(world) == Targets{"node/a"});
  for (int i = 0; i < 5; ++i) one_step(world, {2});
  CHECK(targets(world) == Targets{"zone/2"});
  for (int i = 0; i < 5; ++i) one_step(world, {});
  CHECK(targets(world).empty());
}

TEST_CASE("escalation: an opening that takes the node passes an empty budget, any other does not") {
  auto policy = isolation();
  policy.limits.per_hour = 1;
  World world({policy});
  one_step(world, {1});
  one_step(world, {1, 5});
  CHECK(verdict_of(world, 5).step == Step::blocked);
  CHECK_FALSE(gate_of(verdict_of(world, 5), GateKind::policy_budget)->passed);
  CHECK(gate_of(verdict_of(world, 5), GateKind::escalation) == nullptr);
  one_step(world, {1, 2, 5});
  const auto& verdict = verdict_of(world, 2);
  CHECK(verdict.step == Step::opened);
  CHECK(gate_of(verdict, GateKind::policy_budget) == nullptr);
  const auto* gate = gate_of(verdict, GateKind::escalation);
  REQUIRE(gate != nullptr);
  CHECK(gate->value == 0.5);
  CHECK(gate->threshold == 0.5);
  CHECK(targets(world) == Targets{"node/a"});
}

TEST_CASE("escalation: passes the cluster's budget too, and no other gate") {
  World world({isolation()});
  world.set.settings.cluster_per_hour = 1;
  one_step(world, {1});
  world.snapshot.bar = ForwardBar::paused;
  one_step(world, {1, 2});
  CHECK(verdict_of(world, 2).step == Step::blocked);
  CHECK(targets(world) == Targets{"zone/1"});
  world.snapshot.bar = ForwardBar::none;
  one_step(world, {1, 2});
  CHECK(targets(world) == Targets{"node/a"});
}

TEST_CASE("escalation: an act that names its target keeps it") {
  auto policy = isolation();
  policy.ladder = {shed("class/batch", 0)};
  World world({policy});
  one_step(world, {1, 2, 3});
  CHECK(targets(world) == Targets{"class/batch"});
  CHECK(world.last.desired[0].subject == zone_at(1));
}
