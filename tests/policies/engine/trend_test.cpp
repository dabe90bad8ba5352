// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/trend.hpp"

#include <catch2/catch.hpp>

#include "policies/engine/arm.hpp"
#include "tests/policies/engine/world.hpp"

using namespace homeostat;
using namespace homeostat::testing;

namespace {

constexpr const char* kLag = "kafka_consumer_lag_events";
constexpr const char* kDeadlocks = "pg_deadlocks_total";

/// A minute's window of folds, 100 a minute, for half a minute.
const TrendTest kTest{100, seconds(60), seconds(30)};

/// Folds one after another, each of five readings.
struct Detector {
  ArmMemory memory;
  EngineSettings settings;
  TrendRules rules{false, Aggregate::max, 1000.0};
  std::int64_t next = 0;

  static Fold fold_of(std::int64_t number, double value) { return {number, 5 * value, 5, 5}; }
  void fold(double value) {
    step_trend(memory, kTest, rules, {{Subject{}, fold_of(next, value)}}, settings);
    ++next;
  }
  /// Two members at once.
  void folds(double one, double other) {
    step_trend(memory, kTest, rules,
               {{node("a"), fold_of(next, one)}, {node("b"), fold_of(next, other)}}, settings);
    ++next;
  }
  /// So many folds, each higher than the one before by so much.
  void climb(int count, double from, double by) {
    for (int i = 0; i < count; ++i) fold(from + i * by);
  }
  bool tripped() const { return trend_tripped(memory, kTest, settings); }
};

Arm trend_arm(const char* signal, double clear_below) {
  Arm arm;
  arm.signal = signal;
  arm.test = kTest;
  arm.clear_level = clear_below;
  arm.clear_for = seconds(10);
  return arm;
}

World world_with(const Arm& arm) {
  auto policy = quick_breaker("rising");
  policy.every = seconds(30);
  policy.open.arms = {arm};
  World world({policy});
  world.set.signals[kLag] = {SignalShape::gauge};
  world.set.signals[kDeadlocks] = {SignalShape::counter};
  return world;
}

/// So many a second from `base` on.
std::function<void(World&)> rising(const char* signal, double base, double a_second) {
  return [=](World& world) {
    const double since = to_seconds(world.now - origin());
    put(world.snapshot, gauge(signal, {}, base + a_second * since, world.now));
  };
}

}  // namespace

TEST_CASE("trend: the rise is not known before four fifths of the window are covered") {
  Detector detector;
  detector.climb(10, 2000, 10);  // 12 folds a window, of which 9.6 must lie between
  CHECK_FALSE(detector.memory.rise);
  CHECK(window_covered(detector.memory, detector.settings) == seconds(45));
  CHECK(window_needed(kTest, detector.settings) == seconds(50));
  detector.fold(2100);
  REQUIRE(detector.memory.rise);
  CHECK(*detector.memory.rise == Approx(100));
}

TEST_CASE("trend: rises from the oldest to the newest fold of the window, at least by so much") {
  Detector detector;
  detector.climb(30, 2000, 10);
  CHECK(*detector.memory.rise == Approx(120));
  CHECK(detector.memory.history.at(Subject{}).size() == 13);
  CHECK(risen(kTest, 100.0));
  CHECK_FALSE(risen(kTest, 99.9));
  CHECK_FALSE(risen(kTest, std::nullopt));
}

TEST_CASE("trend: trips when it has been breached at each fold for so long") {
  Detector detector;
  detector.climb(11, 2000, 10);  // the first fold with a known rise, 100
  CHECK(detector.memory.breached_evaluations == 1);
  detector.climb(5, 2110, 10);
  CHECK(detector.memory.breached_time == seconds(25));
  CHECK_FALSE(detector.tripped());
  detector.fold(2160);
  CHECK(detector.tripped());
  detector.fold(2090);  // 2050 a minute ago
  CHECK_FALSE(detector.tripped());
  CHECK(detector.memory.breached_time == seconds(0));
}

TEST_CASE("trend: a level that stays high rises no more") {
  Detector detector;
  detector.climb(20, 2000, 10);
  REQUIRE(detector.tripped());
  for (int i = 0; i < 13; ++i) detector.fold(2190);
  CHECK(*detector.memory.rise == Approx(0));
  CHECK_FALSE(detector.tripped());
  CHECK_FALSE(detector.memory.clear);
}

TEST_CASE("trend: below its clear level it is clear and never breached, however steep") {
  Detector detector;
  detector.climb(30, 0, 20);
  CHECK(*detector.memory.rise == Approx(240));
  CHECK(detector.memory.clear);
  CHECK(detector.memory.breached_evaluations == 0);
  CHECK(detector.memory.clear_time == seconds(29 * 5));
}

TEST_CASE("trend: without a clear level a known rise that is not enough is clear") {
  Detector detector;
  detector.rules.clear_level.reset();
  detector.climb(10, 0, 20);
  CHECK_FALSE(detector.memory.clear);
  detector.fold(200);
  CHECK_FALSE(detector.memory.clear);
  for (int i = 0; i < 13; ++i) detector.fold(200);
  CHECK(detector.memory.clear);
}

TEST_CASE("trend: what came before a long gap is nothing to compare with") {
  Detector detector;
  detector.climb(12, 2000, 10);
  REQUIRE(detector.memory.rise);
  const auto streak = detector.memory.breached_evaluations;
  detector.next += 20;
  detector.fold(9000);
  CHECK_FALSE(detector.memory.rise);
  CHECK(detector.memory.breached_evaluations == streak);
}

TEST_CASE("trend: a counter that starts anew adds nothing by that") {
  Detector detector;
  detector.rules = {true, Aggregate::sum, 50.0};
  detector.climb(12, 500, 10);
  CHECK(*detector.memory.rise == Approx(110));
  detector.fold(0);
  CHECK(*detector.memory.rise == Approx(110));
  detector.fold(10);
  CHECK(*detector.memory.rise == Approx(110));
  for (int i = 0; i < 12; ++i) detector.fold(10);
  CHECK(*detector.memory.rise == Approx(0));
  CHECK(detector.memory.clear);
}

TEST_CASE("trend: of several members each rises by itself, and an absent one adds no jump") {
  Detector worst;
  Detector sum;
  sum.rules.aggregate = Aggregate::sum;
  for (int i = 0; i < 12; ++i) {
    worst.folds(5000, 10.0 * i);
    sum.folds(5000 + 10.0 * i, 10.0 * i);
  }
  CHECK(*worst.memory.rise == Approx(110));
  CHECK(*worst.memory.folded == Approx(5000));
  CHECK(*sum.memory.rise == Approx(220));
  sum.fold(5120);  // of nobody yet
  sum.folds(5130, 130);
  CHECK(*sum.memory.rise == Approx(110 + 10 + 110 + 10));
}

TEST_CASE("trend: rules of a counter add up and those of a gauge take the worst") {
  const auto world = world_with(trend_arm(kLag, 1000));
  CHECK(trend_rules(world.set, trend_arm(kLag, 1)).aggregate == Aggregate::max);
  CHECK_FALSE(trend_rules(world.set, trend_arm(kLag, 1)).counter);
  CHECK(trend_rules(world.set, trend_arm(kDeadlocks, 1)).aggregate == Aggregate::sum);
  CHECK(trend_rules(world.set, trend_arm(kDeadlocks, 1)).counter);
  auto arm = trend_arm(kDeadlocks, 1);
  arm.aggregate = Aggregate::max;
  CHECK(trend_rules(world.set, arm).aggregate == Aggregate::max);
}

TEST_CASE("trend: steps on each fold, opens, and closes when its value is below the clear level") {
  auto world = world_with(trend_arm(kLag, 1000));
  world.run(86, rising(kLag, 1500, 2));
  // The eleventh fold ends at 55 s; six more of them make the 30 s.
  CHECK(world.first(Step::opened) == 85.0);
  const auto& verdict = latest(world);
  REQUIRE(verdict.evidence[0].rise);
  CHECK(*verdict.evidence[0].rise == Approx(120));
  CHECK(*verdict.evidence[0].judged == Approx(1500 + 2 * 82));
  const auto* gate = gate_of(verdict, GateKind::rise);
  REQUIRE(gate != nullptr);
  CHECK(gate->threshold == 100);
  CHECK(gate->margin == Approx(20));
  CHECK(gate_of(verdict, GateKind::not_clear)->passed);
  CHECK(gate_of(verdict, GateKind::dwell)->passed);
  CHECK(world.last.desired[0].reason ==
        "rising opened: kafka_consumer_lag_events rose by 120 in 60 s, >= 100");
  world.run(60, [](World& w) { put(w.snapshot, gauge(kLag, {}, 400, w.now)); });
  CHECK(world.first(Step::closed));
}

TEST_CASE("trend: an idle alert says how much of the window is missing") {
  auto world = world_with(trend_arm(kLag, 1000));
  world.run(31, rising(kLag, 1500, 2));
  const auto* gate = gate_of(latest(world), GateKind::window);
  REQUIRE(gate != nullptr);
  CHECK(gate->value == 25);
  CHECK(gate->threshold == 50);
  CHECK_FALSE(gate->passed);
  CHECK(latest(world).step == Step::idle);
}

TEST_CASE("trend: absence freezes the streak and makes it unknown (H1)") {
  auto world = world_with(trend_arm(kLag, 1000));
  world.run(80, rising(kLag, 1500, 2));
  const auto before = world.state.policies.at({"rising", {}}).arms[0];
  world.run(40, [](World& w) { w.put_absent(kLag); });
  const auto& after = world.state.policies.at({"rising", {}}).arms[0];
  CHECK(after.breached_time >= before.breached_time);
  CHECK(after.breached_time <= before.breached_time + seconds(5));
  CHECK(latest(world).step == Step::unknown);
  CHECK_FALSE(latest(world).evidence[0].rise);
  CHECK_FALSE(world.first(Step::opened));
}

TEST_CASE("trend: another server starts it anew (H4)") {
  auto world = world_with(trend_arm(kDeadlocks, 50));
  world.run(80, rising(kDeadlocks, 0, 2));
  world.run(1, [](World& w) { w.put_another_server(kDeadlocks); });
  CHECK(world.state.policies.at({"rising", {}}).arms[0].history.empty());
  world.run(40, rising(kDeadlocks, 0, 2));
  CHECK_FALSE(world.first(Step::opened));
}

TEST_CASE("trend: another length of fold starts it anew, for the numbers mean something else") {
  auto world = world_with(trend_arm(kLag, 1000));
  world.run(60, rising(kLag, 1500, 2));
  world.set.settings.fold = seconds(2);
  world.run(1, rising(kLag, 1500, 2));
  CHECK(world.state.policies.at({"rising", {}}).arms[0].history.empty());
}
