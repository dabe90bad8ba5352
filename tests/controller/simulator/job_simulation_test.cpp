// SPDX-License-Identifier: Apache-2.0
// Jobs in a simulation: carried out by the plant, followed, and counted.
#include <catch2/catch.hpp>

#include "controller/simulator/job_watch.hpp"
#include "controller/simulator/lever_lag.hpp"
#include "controller/simulator/scenario_report.hpp"
#include "tests/controller/simulator/scenarios.hpp"
#include "tests/policies/engine/jobs.hpp"

using namespace homeostat;
using namespace homeostat::testing;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

/// Two days on which one node's shards grow far too fast.
Scenario uneven() {
  Scenario scenario;
  scenario.name = "uneven";
  scenario.duration = 2 * 24h;
  ShardsParameters plant;
  plant.bytes = 20e9;
  plant.size_skew = 0;
  plant.growth_skew = 0;
  plant.nodes = 4;
  plant.shards = 64;
  plant.move_bytes_per_second = 5e7;
  scenario.plant = plant;
  IncidentRule rule;
  rule.at = 10min;
  rule.shortest = rule.longest = 2h;
  rule.level = 600;
  rule.kind = "growth";
  scenario.incidents = {rule};
  return scenario;
}

PolicySet rebalancing() {
  auto policy = shard_balance();
  policy.open.arms = {imbalance_arm(0.2)};
  policy.job->windows = {daily(3 * 60, 4 * 60)};
  policy.job->resume = {daily(4 * 60, 5 * 60), daily(6 * 60, 7 * 60)};
  policy.job->budget.time = 30s;
  policy.job->cooldown = 24h;
  return JobWorld({policy}).set;
}

Verdict verdict_at(double second, Step step, BreakerState state, double bytes) {
  Verdict verdict;
  verdict.kind = PolicyKind::job;
  verdict.at = TimePoint{seconds(second)};
  verdict.step = step;
  verdict.state = state;
  verdict.job = JobStatus{};
  verdict.job->bytes_done = bytes;
  return verdict;
}

}  // namespace

TEST_CASE("simulation: a job starts at its time of day, stops at its budget and goes on later") {
  const auto scenario = uneven();
  std::vector<std::pair<Step, WallTime>> steps;
  const auto run = simulate(scenario, rebalancing(), 0, [&](const SimulatedStep& step) {
    CHECK(step.snapshot.wall == scenario.begins + step.now.time_since_epoch());
    for (const auto& verdict : step.decision.verdicts) {
      const bool passive = verdict.step == Step::idle || verdict.step == Step::holding ||
                           verdict.step == Step::blocked;
      if (!passive) steps.emplace_back(verdict.step, step.snapshot.wall);
    }
  });
  REQUIRE(run.has_value());
  REQUIRE(steps.size() >= 3);
  CHECK(steps[0].first == Step::started);
  CHECK(steps[0].second >= scenario.begins + 3h);
  CHECK(steps[0].second < scenario.begins + 3h + 1min);
  CHECK(steps[1].first == Step::stopped);
  CHECK(steps[1].second - steps[0].second < 1min);
  CHECK(steps[2].first == Step::resumed);
  CHECK(steps[2].second >= scenario.begins + 4h);
  CHECK(steps.back().first == Step::finished);
  const auto& score = run->policies.at("shard-balance");
  REQUIRE(score.job);
  CHECK(score.job->starts == 1);
  CHECK(score.job->parts >= 2);
  CHECK(score.job->bytes > 0);
  CHECK(score.job->ran <= score.job->parts * 40s);
  REQUIRE(score.job->balanced.size() == 1);
  REQUIRE(score.job->balanced[0]);
  CHECK(*score.job->balanced[0] > 3600);
  CHECK(score.degraded == Duration{});
  CHECK(score.detections.empty());
  CHECK(score.false_trips == 0);
}

TEST_CASE("simulation: the plant says how far its job is, and that it was stopped") {
  std::vector<JobPhase> phases;
  const auto run = simulate(uneven(), rebalancing(), 0, [&](const SimulatedStep& step) {
    const auto at = step.snapshot.jobs.find(kRebalance);
    if (at == step.snapshot.jobs.end()) return;
    if (phases.empty() || phases.back() != at->second.phase) phases.push_back(at->second.phase);
    if (at->second.phase == JobPhase::running) CHECK(at->second.left > Duration{});
  });
  REQUIRE(run.has_value());
  REQUIRE(phases.size() >= 4);
  CHECK(phases[0] == JobPhase::running);
  CHECK(phases[1] == JobPhase::stopped);
  CHECK(phases[2] == JobPhase::running);
  CHECK(phases.back() == JobPhase::finished);
}

TEST_CASE("simulation: incidents of growth are none of a policy about locks") {
  auto locks = one_breaker();
  const auto run = simulate(uneven(), locks, 0);
  REQUIRE(run.has_value());
  CHECK(run->policies.at("circuit-breaker").detections.empty());
  auto scenario = uneven();
  scenario.incidents[0].kind = "locks";
  scenario.incidents[0].level = 0.41;
  const auto other = simulate(scenario, locks, 0);
  REQUIRE(other.has_value());
  REQUIRE(other->policies.at("circuit-breaker").detections.size() == 1);
  CHECK(other->policies.at("circuit-breaker").detections[0]);
}

TEST_CASE("simulation: policies of blocked_while that are not simulated are named and left out") {
  auto set = rebalancing();
  set.policies[0].blocked_while = {"circuit-breaker"};
  std::vector<std::string> notes;
  const auto left = fitted(set, uneven(), notes);
  REQUIRE(left.policies.size() == 1);
  CHECK(left.policies[0].blocked_while.empty());
  REQUIRE(notes.size() == 1);
  CHECK_THAT(notes[0], Contains("`shard-balance` waits for no circuit-breaker"));
}

TEST_CASE("simulation: what needs approval is taken to have it, and is named") {
  auto set = rebalancing();
  set.policies[0].blocked_while.clear();
  set.policies[0].job->needs_approval = true;
  std::vector<std::string> notes;
  const auto left = fitted(set, uneven(), notes);
  REQUIRE(left.policies.size() == 1);
  CHECK_FALSE(left.policies[0].job->needs_approval);
  REQUIRE(notes.size() == 1);
  CHECK_THAT(notes[0], Contains("`shard-balance` is taken to be approved each time"));
}

TEST_CASE("job watch: a run is its parts, and what is not finished was never balanced") {
  JobWatch watch;
  watch.see(verdict_at(10, Step::started, BreakerState::open, 0));
  watch.pass(5s);
  watch.see(verdict_at(15, Step::stopped, BreakerState::half_open, 100));
  watch.pass(60s);
  watch.see(verdict_at(75, Step::resumed, BreakerState::open, 100));
  watch.pass(5s);
  watch.see(verdict_at(80, Step::finished, BreakerState::closed, 250));
  watch.see(verdict_at(90, Step::started, BreakerState::open, 0));
  watch.see(verdict_at(95, Step::failed, BreakerState::closed, 30));
  watch.see(verdict_at(100, Step::started, BreakerState::open, 0));
  const auto score = watch.finish();
  CHECK(score.starts == 3);
  CHECK(score.parts == 4);
  CHECK(score.ran == 10s);
  CHECK(score.bytes == 280);
  CHECK(score.balanced == std::vector<Elapsed>{70.0, std::nullopt, std::nullopt});
}

TEST_CASE("lever lag: what is held is set, and neither given back nor changed") {
  LeverLag lag(0s);
  const LeverKey key{"planner_profile", "profile/contention"};
  DesiredLever profile;
  profile.key = key;
  profile.value.arguments["reporting/jit"] = std::string("off");
  lag.command({profile}, {"planner_profile"}, TimePoint{1s});
  CHECK(lag.at(TimePoint{1s}).contains(key));
  auto other = profile;
  other.value.arguments["reporting/jit"] = std::string("on");
  lag.command({other}, {"planner_profile"}, TimePoint{2s});
  CHECK(lag.at(TimePoint{2s}).at(key) == profile.value);
  lag.command({}, {"planner_profile"}, TimePoint{3s});
  CHECK(lag.at(TimePoint{3s}).contains(key));
  lag.command({}, {}, TimePoint{4s});
  CHECK(lag.at(TimePoint{4s}).empty());
}
