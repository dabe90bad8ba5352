// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/simulation.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "controller/simulator/policy_watch.hpp"
#include "controller/simulator/scenario_report.hpp"
#include "controller/simulator/wedge.hpp"
#include "policies/model/codec.hpp"
#include "tests/controller/simulator/scenarios.hpp"

using namespace homeostat;
using namespace homeostat::testing;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

/// Every verdict and every sample of a run.
std::string told(const Scenario& scenario, int number = 0) {
  std::string all;
  const auto run = simulate(scenario, one_breaker(), number, [&](const SimulatedStep& step) {
    for (const auto& sample : step.snapshot.samples) all += std::to_string(sample.numerator) + " ";
    for (const auto& verdict : step.decision.verdicts) all += to_json(verdict).dump() + "\n";
  });
  REQUIRE(run.has_value());
  return all;
}

Verdict verdict_at(double second, Step step, int rung) {
  Verdict verdict;
  verdict.at = TimePoint{seconds(second)};
  verdict.step = step;
  verdict.rung = rung;
  return verdict;
}

/// Opens and closes each `period` seconds, `jitter` more every other time.
PolicyScore cycling(double period, double jitter) {
  PolicyWatch watch(circuit_breaker());
  double now = 100;
  for (int number = 0; number < 10; ++number) {
    watch.see(verdict_at(now, Step::opened, 1));
    watch.see(verdict_at(now + period / 2, Step::closed, 0));
    now += period + (number % 2 == 0 ? jitter : 0);
  }
  return watch.finish(TimePoint{seconds(now)});
}

}  // namespace

TEST_CASE("invariant 10: the same scenario and seed give the same bytes, another seed others") {
  auto scenario = contention();
  scenario.sensor = {2s, 0.1, 0.05};
  CHECK(told(scenario) == told(scenario));
  CHECK(told(scenario) != told(scenario, 1));
  CHECK(told(storm()) == told(storm()));
  CHECK(told(batches(1000)) == told(batches(1000)));
  CHECK(told(batches(1000)) != told(batches(1000), 1));
}

TEST_CASE("simulation: an incident is detected, protected, and not taken for a false trip") {
  const auto run = simulate(contention(), one_breaker(), 0);
  REQUIRE(run.has_value());
  const auto& score = run->policies.at("circuit-breaker");
  REQUIRE(score.detections.size() == 1);
  REQUIRE(score.detections.front());
  CHECK(*score.detections.front() <= 45);
  CHECK(score.false_trips == 0);
  CHECK(score.openings == 1);
  CHECK(protected_share(score) > 0.9);
  CHECK(score.degraded > 9min);
}

TEST_CASE("simulation: levers stand only after the actuator's lag") {
  auto scenario = contention();
  scenario.lag = 20s;
  std::optional<TimePoint> desired;
  std::optional<TimePoint> standing;
  const auto run = simulate(scenario, one_breaker(), 0, [&](const SimulatedStep& step) {
    if (!desired && !step.decision.desired.empty()) desired = step.now;
    if (!standing && !step.levers.empty()) standing = step.now;
  });
  REQUIRE(run.has_value());
  REQUIRE(desired);
  REQUIRE(standing);
  CHECK(*standing - *desired == 20s);
}

TEST_CASE("simulation: a sensor without a sample starts nothing (S5)") {
  auto scenario = contention();
  scenario.sensor.missing = 1;
  const auto run = simulate(scenario, one_breaker(), 0);
  REQUIRE(run.has_value());
  CHECK(run->policies.at("circuit-breaker").openings == 0);
  CHECK_FALSE(run->policies.at("circuit-breaker").detections.front());
}

TEST_CASE("simulation: time outside incidents counts while the quantity is within its limit") {
  auto scenario = storm();
  const auto run = simulate(scenario, one_breaker(), 0);
  REQUIRE(run.has_value());
  CHECK(run->service.calm > 60);
  CHECK(calm_within(run->service) < 1);  // the storm never ends
  scenario.incidents.clear();
  const auto calm = simulate(scenario, one_breaker(), 0);
  REQUIRE(calm.has_value());
  CHECK(calm->service.calm == 480);
  CHECK(calm_within(calm->service) == 1);
}

TEST_CASE("simulation: a plant that diverges is an error with plant, quantity and time") {
  auto scenario = storm();
  auto& plant = std::get<LockStormParameters>(scenario.plant);
  plant.requests_per_second = 100'000;
  plant.client_timeout = 60s;
  plant.queue_limit = 60s;
  const auto report = report_on(scenario, one_breaker());
  REQUIRE_FALSE(report.has_value());
  CHECK(report.error().code == ErrorCode::invalid_input);
  CHECK_THAT(report.error().context,
             Contains("scenario `storm`, seed 1") && Contains("plant `lock_storm` diverged") &&
                 Contains("requests in the queue") && Contains("after the beginning"));
}

TEST_CASE("simulation: numbers that are none are told as such") {
  const LockContention plant({}, Random(1, 1));
  CHECK_FALSE(diverged(plant, "x", 1, 2, 1s));
  CHECK_THAT(diverged(plant, "x", std::nan(""), 2, 90s)->context,
             Contains("x is no number") && Contains("1m30s after the beginning"));
  CHECK_THAT(diverged(plant, "x", -INFINITY, 2, 1s)->context, Contains("infinite"));
  CHECK_THAT(diverged(plant, "x", -3, 2, 1s)->context, Contains("x is -3 (at most 2)"));
}

TEST_CASE("simulation: arms on what the plant has not are dropped and named, shadow acts") {
  auto policy = circuit_breaker();
  policy.mode = Mode::shadow;
  policy.open.arms.push_back(level_arm(0.4, 0.2));
  auto other = circuit_breaker();
  other.name = "other";
  other.open.arms = {level_arm(0.4, 0.2)};
  std::vector<std::string> notes;
  const auto set = fitted(World{{policy, other}}.set, contention(), notes);
  REQUIRE(set.policies.size() == 1);
  CHECK(set.policies.front().mode == Mode::enforce);
  CHECK(set.policies.front().open.arms.size() == 1);
  REQUIRE(notes.size() == 2);
  CHECK_THAT(notes[0], Contains("`circuit-breaker` runs without an arm") && Contains(kGauge));
  CHECK_THAT(notes[1], Contains("`other` is not simulated"));
}

TEST_CASE("simulation: a canary acts on everything, and is named") {
  auto policy = circuit_breaker();
  policy.mode = Mode::canary;
  std::vector<std::string> notes;
  CHECK(fitted(World{{policy}}.set, contention(), notes).policies.front().mode == Mode::enforce);
  REQUIRE(notes.size() == 1);
  CHECK_THAT(notes[0], Contains("`circuit-breaker` acts on everything here"));
}

TEST_CASE("invariant 1: an oscillation has a period when it is regular, and none otherwise") {
  REQUIRE(cycling(90, 0).period);
  CHECK(*cycling(90, 0).period == Approx(90));
  CHECK_FALSE(cycling(90, 60).period);
}

TEST_CASE("simulation: an incident that hits two subjects is no re-trip, what opens twice is") {
  const auto zone = [](double second, const std::string& name, Step step) {
    auto verdict = verdict_at(second, step, step == Step::opened ? 1 : 0);
    verdict.subject = {SubjectKind::zone, name};
    return verdict;
  };
  PolicyWatch watch(circuit_breaker());
  watch.incident_begins(TimePoint{seconds(100)});
  watch.see(zone(103, "1", Step::opened));
  watch.see(zone(104, "2", Step::opened));
  watch.see(zone(150, "2", Step::closed));
  watch.see(zone(160, "2", Step::opened));
  watch.incident_ends(TimePoint{seconds(200)});
  watch.see(zone(210, "3", Step::opened));  // nothing was wrong with it
  const auto score = watch.finish(TimePoint{seconds(300)});
  REQUIRE(score.detections.size() == 1);
  CHECK(score.detections.front() == 3);
  CHECK(score.retrips == 1);
  CHECK(score.false_trips == 1);
}

TEST_CASE("invariant 1: what changes with the conditions is no oscillation") {
  PolicyWatch watch(circuit_breaker());
  for (int number = 0; number < 10; ++number) {
    watch.see(verdict_at(number * 90, Step::opened, 1));
    watch.see(verdict_at(number * 90 + 45, Step::closed, 0));
    watch.conditions_change();
  }
  CHECK_FALSE(watch.finish(TimePoint{seconds(900)}).period);
}

TEST_CASE("invariant 1: levels too near to what is normal are warned about") {
  auto policy = circuit_breaker();
  policy.open.arms = {cusum_arm(0.08, 1, 0.075)};
  const auto report = report_on(contention(), one_breaker(policy));
  REQUIRE(report.has_value());
  REQUIRE_FALSE(report->findings.empty());
  CHECK(report->findings.front().severity == Severity::warning);
  CHECK_THAT(report->findings.front().text, Contains("cannot discriminate: it opens at 0.08"));
}

TEST_CASE("invariant 2: a breaker that an idle system cannot close is found") {
  CHECK_FALSE(find_wedge(one_breaker(), circuit_breaker()));
  auto policy = circuit_breaker();
  policy.open.arms = {level_arm(0.4, 0.2)};
  CHECK_FALSE(find_wedge(one_breaker(policy), policy));
  policy.hold.first = 24h;  // longer than `max` ever allows
  const auto wedge = find_wedge(one_breaker(policy), policy);
  REQUIRE(wedge);
  CHECK(wedge->invariant == 2);
  CHECK_THAT(wedge->text, Contains("wedged") && Contains("0/0"));
}

TEST_CASE(
    "simulation: rises and absences are judged too, and nothing is taken for wedged by them") {
  auto policy = circuit_breaker();
  Arm rise = level_arm(0, 0);
  rise.test = TrendTest{100, 60s, 10s};
  rise.clear_level = 1;
  Arm gone = level_arm(0, 0);
  gone.test = AbsenceTest{30s};
  gone.clear_level.reset();
  policy.open.arms.push_back(rise);
  policy.open.arms.push_back(gone);
  CHECK_FALSE(find_wedge(one_breaker(policy), policy));
  const auto run = simulate(storm(), one_breaker(policy), 0);
  REQUIRE(run.has_value());
  CHECK(run->policies.at("circuit-breaker").detections.size() == 1);
}

TEST_CASE("simulation: a storm brake that came on is noted, once, with its time") {
  auto scenario = contention();
  scenario.runs = 2;
  auto policies = one_breaker();
  policies.settings.brake_acts = 1;
  const auto report = report_on(scenario, policies);
  REQUIRE(report.has_value());
  REQUIRE(report->notes.size() == 1);
  CHECK_THAT(report->notes.front(),
             Contains("the storm brake came on 2") && Contains("after the beginning of run 1"));
}

TEST_CASE("expectations: what does not hold is named with its numbers") {
  auto scenario = contention();
  scenario.expect["circuit-breaker"].detect_p95 = 1s;
  scenario.expect["circuit-breaker"].protected_share = 0.5;
  scenario.expect["nobody"].detect_p95 = 1s;
  const auto report = report_on(scenario, one_breaker());
  REQUIRE(report.has_value());
  CHECK_FALSE(report->holds());
  REQUIRE(report->missed.size() == 2);
  CHECK_THAT(report->missed.front(),
             Contains("circuit-breaker.detect_p95: ") && Contains("expected at most 1s"));
  CHECK_THAT(report->missed.back(), Contains("nobody: ") && Contains("no policy of that name"));
}

TEST_CASE("score: a time that never came is the longest") {
  const std::vector<Elapsed> times{3.0, std::nullopt, 1.0, 2.0};
  CHECK(percentile(times, 0.5) == Elapsed{2.0});
  CHECK(percentile(times, 0.75) == Elapsed{3.0});
  CHECK_FALSE(percentile(times, 0.95));
}
