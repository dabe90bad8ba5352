// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/absence.hpp"

#include <catch2/catch.hpp>

#include "policies/engine/arm.hpp"
#include "tests/policies/engine/world.hpp"

using namespace homeostat;
using namespace homeostat::testing;

namespace {

Arm absence_arm(Duration absent_for) {
  Arm arm;
  arm.signal = kGauge;
  arm.test = AbsenceTest{absent_for};
  arm.clear_for = seconds(10);
  return arm;
}

/// Opens when nothing could be read for 30 s.
Policy blind_breaker() {
  auto policy = quick_breaker("blind");
  policy.open.arms = {absence_arm(seconds(30))};
  return policy;
}

void gone(World& world) { world.put_absent(kGauge); }
void back(World& world) { world.put_gauge(0.1); }

}  // namespace

TEST_CASE("absence: opens after so long without a reading and closes when there is one again") {
  World world({blind_breaker()});
  world.run(10, back);
  CHECK(latest(world).step == Step::idle);
  world.run(30, gone);
  CHECK_FALSE(world.first(Step::opened));
  world.run(1, gone);
  CHECK(world.first(Step::opened) == 40.0);
  CHECK(latest(world).evidence[0].tripped);
  CHECK(latest(world).evidence[0].quality == Quality::absent);
  world.run(60, gone);
  CHECK(world.memory("blind").state == BreakerState::open);
  world.run(9, back);
  CHECK_FALSE(world.first(Step::closed));
  world.run(1, back);
  CHECK(world.first(Step::closed) == 110.0);
}

TEST_CASE("absence: is true or false and never unknown, with its time as a gate") {
  World world({blind_breaker()});
  world.run(11, gone);
  const auto& verdict = latest(world);
  CHECK(verdict.step == Step::idle);
  const auto* gate = gate_of(verdict, GateKind::absent_for);
  REQUIRE(gate != nullptr);
  CHECK(gate->arm == 0);
  CHECK(gate->value == 10);
  CHECK(gate->threshold == 30);
  CHECK(gate->margin == -20);
  CHECK_FALSE(gate->passed);
  CHECK(gate_of(verdict, GateKind::freshness) == nullptr);
}

TEST_CASE("absence: what was never sampled is absent, and so is what is stale") {
  World world({blind_breaker()});
  world.run(31, [](World&) {});
  CHECK(world.first(Step::opened) == 30.0);
  World other({blind_breaker()});
  other.run(1, back);
  other.run(41, [](World&) {});  // counts as absent when it is older than 10 s
  CHECK(other.first(Step::opened) == 41.0);
}

TEST_CASE("absence: one reading in between starts it anew, an empty one too (H2)") {
  World world({blind_breaker()});
  world.run(29, gone);
  world.run(1, [](World& w) { put(w.snapshot, ratio(kGauge, {}, 0, 0, w.now)); });
  world.run(30, gone);
  CHECK_FALSE(world.first(Step::opened));
  world.run(1, gone);
  CHECK(world.first(Step::opened) == 60.0);
}

TEST_CASE("absence: another server is no reading, and does not start it anew (H4)") {
  World world({blind_breaker()});
  world.run(20, gone);
  world.run(11, [](World& w) { w.put_another_server(kGauge); });
  CHECK(world.first(Step::opened) == 30.0);
}

TEST_CASE("absence: beside an arm that freezes, it alone opens and its return alone closes") {
  auto policy = blind_breaker();
  policy.open.arms.push_back(level_arm(0.4, 0.2));
  World world({policy});
  world.run(31, gone);
  CHECK(world.first(Step::opened) == 30.0);
  world.run(11, back);
  CHECK(world.first(Step::closed) == 40.0);
}

TEST_CASE("absence: counts as beyond its threshold, however short, for rungs and holding") {
  const auto arm = absence_arm(seconds(30));
  ArmView view;
  view.reading.quality = Quality::whole;
  CHECK_FALSE(beyond_threshold(arm, view));
  view.reading.quality = Quality::absent;
  CHECK(beyond_threshold(arm, view));
}

TEST_CASE("absence: the act's reason says how long") {
  World world({blind_breaker()});
  world.run(31, gone);
  REQUIRE(world.last.desired.size() == 1);
  CHECK(world.last.desired[0].reason ==
        "blind opened: admission_queue_age_seconds absent for 30 s");
}
