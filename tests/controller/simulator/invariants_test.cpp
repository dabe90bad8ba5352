// SPDX-License-Identifier: Apache-2.0
// Invariants of regulators: gain, time scales, batches.
#include "controller/simulator/invariants.hpp"

#include <catch2/catch.hpp>

#include "controller/simulator/gains.hpp"
#include "controller/simulator/plants.hpp"
#include "controller/simulator/policy_watch.hpp"
#include "controller/simulator/simulation.hpp"
#include "controller/simulator/time_scales.hpp"
#include "tests/controller/simulator/scenarios.hpp"
#include "tests/policies/engine/regulators.hpp"

using namespace homeostat;
using namespace homeostat::testing;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

constexpr const char* kRate = "kafka_arrival_events_per_second";
constexpr const char* kLag = "kafka_consumer_lag_events";

Policy window_by(const std::string& text, const std::vector<std::string>& signals) {
  auto policy = batch_window();
  policy.subjects = {{SubjectKind::group, "play-counts"}};
  policy.regulator->to = formula(text, signals);
  return policy;
}

Policy literal_window() {
  auto policy = window_by("min(0.1, 1 / kafka_arrival_events_per_second)", {kRate});
  policy.ladder[0].value.arguments.clear();
  return policy;
}

std::vector<InvariantFinding> found_in(const Policy& policy, const Scenario& scenario) {
  const auto plant = make_plant(scenario.plant, scenario.seed);
  return check_invariants(World{{policy}}.set, scenario, *plant);
}

/// The first with this number; its text is empty when there is none.
InvariantFinding first(const std::vector<InvariantFinding>& findings, int invariant) {
  for (const auto& finding : findings) {
    if (finding.invariant == invariant) return finding;
  }
  return {};
}

}  // namespace

TEST_CASE("invariant 3: the largest gain falls with the delay") {
  CHECK(largest_gain(0) == Approx(2));
  CHECK(largest_gain(1) == Approx(1));
  CHECK(largest_gain(2) == Approx(0.618).margin(0.001));
  CHECK(largest_gain(3) == Approx(0.445).margin(0.001));
}

TEST_CASE("invariant 3: cuts that follow each other faster than they are seen are named") {
  auto policy = back_pressure();
  auto scenario = storm();
  CHECK(first(check_gains(World{{policy}}.set, scenario), 3).text.empty());
  scenario.sensor.delay = 8s;
  const auto close = first(check_gains(World{{policy}}.set, scenario), 3);
  CHECK(close.severity == Severity::warning);
  CHECK_THAT(close.text, Contains("little margin: a cut takes 0.3, one each 3s") &&
                             Contains("3 of these later") && Contains("less than 0.445"));
  policy.regulator->aimd->cut = 0.1;
  const auto unstable = first(check_gains(World{{policy}}.set, scenario), 3);
  CHECK(unstable.severity == Severity::failure);
  CHECK(unstable.policy == "back-pressure");
  CHECK_THAT(unstable.text, Contains("unstable gain: a cut takes 0.9"));
}

TEST_CASE("invariant 3: a formula that answers more than it should to what it changes is named") {
  const auto scenario = batches(1000);
  const auto stable = window_by("0.05 - kafka_consumer_lag_events / 4000", {kLag});
  CHECK(first(check_gains(World{{stable}}.set, scenario), 3).text.empty());
  const auto unstable = window_by("0.1 - kafka_consumer_lag_events / 200", {kLag});
  const auto found = first(check_gains(World{{unstable}}.set, scenario), 3);
  CHECK(found.severity == Severity::failure);
  CHECK_THAT(found.text, Contains("unstable gain: between ") && Contains("stable above -1"));
}

TEST_CASE("invariant 4: loops of one plant on one time scale are warned about") {
  auto slow = circuit_breaker();
  slow.name = "slow";
  CHECK(check_time_scales(World{{circuit_breaker(), back_pressure()}}.set).empty());
  slow.ladder = {shed("class/other")};
  const auto found = check_time_scales(World{{circuit_breaker(), slow}}.set);
  REQUIRE(found.size() == 1);
  CHECK(found.front().severity == Severity::warning);
  CHECK_THAT(found.front().text, Contains("within 1m, `circuit-breaker` within 1m"));
  slow.hold.first = 5min;
  CHECK(check_time_scales(World{{circuit_breaker(), slow}}.set).empty());
}

TEST_CASE("invariant 4: two owners of one lever are warned about") {
  auto other = circuit_breaker();
  other.name = "other";
  other.hold.first = 5min;
  other.ladder = {shed("class/batch", 0.5)};
  const auto found = check_time_scales(World{{circuit_breaker(), other}}.set);
  REQUIRE(found.size() == 1);
  CHECK_THAT(found.front().text, Contains("two owners: `feature` of class/batch"));
}

TEST_CASE("invariant 5: a batch limit that cannot keep up is named with its numbers") {
  const auto found = first(found_in(literal_window(), batches(10'000)), 5);
  CHECK(found.severity == Severity::failure);
  CHECK(found.policy == "window");
  CHECK_THAT(found.text, Contains("at 10000 events a second a batch takes at most 2 ") &&
                             Contains("and 21.28 are needed"));
  const auto drained = window_by("min(0.1, 1 / kafka_arrival_events_per_second)", {kRate});
  CHECK(first(found_in(drained, batches(10'000)), 5).text.empty());
}

TEST_CASE("invariant 5: a drain limit near to what one window gathers is warned about") {
  auto policy = window_by("0.1", {kRate});
  policy.ladder[0].value.arguments["drain_limit"] = 2000.0;
  const auto found = first(found_in(policy, batches(10'000)), 5);
  CHECK(found.severity == Severity::warning);
  CHECK_THAT(found.text, Contains("at most 2000 (drain_limit)") && Contains("the 1000 of one"));
}

TEST_CASE("invariant 5: a rate that no window is enough for is named") {
  const auto policy = window_by("0.1", {kRate});
  const auto found = first(found_in(policy, batches(165'000)), 5);
  CHECK(found.severity == Severity::failure);
  CHECK_THAT(found.text, Contains("infeasible rate: 165000") && Contains("less than 163333.33"));
}

TEST_CASE("simulation: a formula on what the plant has not is not simulated, and named") {
  std::vector<std::string> notes;
  const auto set = fitted(World{{literal_window()}}.set, storm(), notes);
  CHECK(set.policies.empty());
  REQUIRE(notes.size() == 1);
  CHECK(notes.front() ==
        "`window` is not simulated: the plant `lock_storm` has no kafka_arrival_events_per_second");
  notes.clear();
  CHECK(fitted(World{{literal_window()}}.set, batches(100), notes).policies.size() == 1);
  CHECK(notes.empty());
}

TEST_CASE("simulation: an arm on a record over what the plant has not is dropped by its signals") {
  auto policy = circuit_breaker();
  Arm arm = level_arm(1, 0.5);
  arm.signal = "excess";
  arm.record = {formula("waiting / 3", {"waiting"})};
  policy.open.arms.push_back(arm);
  std::vector<std::string> notes;
  const auto set = fitted(World{{policy}}.set, storm(), notes);
  REQUIRE(set.policies.size() == 1);
  CHECK(set.policies.front().open.arms.size() == 1);
  REQUIRE(notes.size() == 1);
  CHECK_THAT(notes.front(), Contains("has no waiting"));
}

TEST_CASE("invariant 1: a formula that halves and doubles its value for ever is a limit cycle") {
  const auto swinging = [](double high, double low) {
    PolicyWatch watch(batch_window());
    Verdict verdict;
    verdict.kind = PolicyKind::regulator;
    verdict.step = Step::adjusted;
    for (int number = 0; number < 20; ++number) {
      verdict.at = TimePoint{seconds(30 * number)};
      verdict.value = number % 2 == 0 ? high : low;
      watch.see(verdict);
    }
    return watch.finish(TimePoint{seconds(600)});
  };
  CHECK(swinging(0.1, 0.01).period.value_or(0) == Approx(60));
  CHECK_FALSE(swinging(0.1, 0.06).period);  // noise
  CHECK_THAT(PolicyWatch(batch_window()).limit_cycle(60), Contains("with a period of 1m"));
}

TEST_CASE("invariant 1: a value that follows the load is no limit cycle") {
  auto scenario = batches(0);
  std::get<BatchConsumerParameters>(scenario.plant).phases = {{20s, 200}, {20s, 10'000}};
  const auto run = simulate(scenario, World{{literal_window()}}.set, 0);
  REQUIRE(run.has_value());
  CHECK_FALSE(run->policies.at("window").period);
}

TEST_CASE("simulation: a formula detects nothing, AIMD does while it restricts") {
  PolicyWatch formula(batch_window());
  formula.incident_begins(TimePoint{seconds(10)});
  formula.incident_ends(TimePoint{seconds(20)});
  CHECK(formula.finish(TimePoint{seconds(30)}).detections.empty());
  PolicyWatch aimd(back_pressure());
  Verdict verdict;
  verdict.kind = PolicyKind::regulator;
  verdict.value = 400;
  verdict.at = TimePoint{seconds(5)};
  aimd.see(verdict);
  aimd.incident_begins(TimePoint{seconds(10)});
  verdict.at = TimePoint{seconds(14)};
  verdict.value = 280;
  aimd.see(verdict);
  const auto score = aimd.finish(TimePoint{seconds(30)});
  REQUIRE(score.detections.size() == 1);
  CHECK(score.detections.front() == Elapsed{4.0});
  CHECK(score.false_trips == 0);
}
