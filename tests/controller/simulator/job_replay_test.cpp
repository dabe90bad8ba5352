// SPDX-License-Identifier: Apache-2.0
// Jobs decided anew: what was reported of them, and the time of day, are in the journal.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "controller/loop/sqlite_history.hpp"
#include "controller/loop/sqlite_journal.hpp"
#include "controller/simulator/replay.hpp"
#include "policies/model/codec.hpp"
#include "tests/support/scratch_directory.hpp"

namespace homeostat {
namespace {

using namespace std::chrono_literals;

constexpr const char* kImbalance = "citus_node_cv";

PolicySet one_job() {
  Policy policy;
  policy.name = "shard-balance";
  policy.kind = PolicyKind::job;
  policy.mode = Mode::enforce;
  policy.hash = "c0ffee";
  Arm arm;
  arm.signal = kImbalance;
  arm.test = LevelTest{Comparison::above, 0.4, std::nullopt, 1};
  policy.open.arms = {arm};
  Act run;
  run.lever = "rebalance";
  run.value.arguments["weight"] = std::string{"trigger"};
  policy.ladder = {run};
  Job job;
  job.windows.resize(1);
  job.windows[0].times = {{180, 185}};
  job.resume.resize(1);
  job.resume[0].times = {{190, 200}};
  job.budget.time = 60s;
  job.needs_approval = true;
  policy.job = job;
  PolicySet set;
  set.policies = {policy};
  set.levers["rebalance"].moves_bytes = true;
  set.levers["rebalance"].by_trigger = {{kImbalance, "rows"}};
  set.settings.bytes_per_day = 100e6;
  return set;
}

std::string text(const std::vector<Verdict>& verdicts) {
  std::string all;
  for (const auto& verdict : verdicts) all += to_json(verdict).dump() + "\n";
  return all;
}

/// From 02:58 on, twenty minutes: starts when approved, is stopped, goes on and ends.
std::vector<JournalStep> a_night() {
  const auto set = one_job();
  EngineState state;
  std::vector<JournalStep> steps;
  Snapshot snapshot;
  for (int second = 0; second < 1200; second += 5) {
    JournalStep step;
    step.at = TimePoint{10h + std::chrono::seconds{second}};
    step.wall = WallTime{std::chrono::sys_days{std::chrono::year{2026} / 1 / 4}} + 178min +
                std::chrono::seconds{second};
    if (second == 0) step.basis = Basis{{{"shard-balance", "c0ffee", Mode::enforce}}, std::nullopt};
    step.samples = {gauge(kImbalance, {}, 0.45, step.at)};
    if (second == 150) snapshot.acks = {{policy_scope("shard-balance"), step.at}};
    auto& progress = snapshot.jobs[{"rebalance", "cluster"}];
    const bool runs = !state.policies.empty() &&
                      state.policies.begin()->second.memory.state == BreakerState::open;
    if (runs && progress.phase != JobPhase::running) progress = {JobPhase::running, step.at, 0, {}};
    if (runs) progress.bytes_done += 1e6;
    if (!runs && progress.phase == JobPhase::running) progress.phase = JobPhase::stopped;
    if (second == 765) progress.phase = JobPhase::finished;
    snapshot.not_started.clear();
    if (runs && second < 180) {
      snapshot.not_started[{"rebalance", "cluster"}] = {TimePoint{10h + 155s}, second, "no slots"};
    }
    snapshot.samples = step.samples;
    snapshot.wall = step.wall;
    step.jobs = snapshot.jobs;
    step.not_started = snapshot.not_started;
    step.acks = snapshot.acks;
    auto decision = decide(set, snapshot, std::move(state), step.at);
    state = std::move(decision.state);
    step.verdicts = std::move(decision.verdicts);
    steps.push_back(std::move(step));
  }
  return steps;
}

std::vector<JournalStep> through_a_journal(const std::vector<JournalStep>& steps) {
  const testing::ScratchDirectory scratch;
  JournalOptions options;
  options.path = scratch.path() + "/journal.db";
  SqliteJournal journal(options);
  REQUIRE(journal.open().has_value());
  for (const auto& step : steps) REQUIRE(journal.append(step).has_value());
  REQUIRE(journal.close().has_value());
  const auto history = SqliteHistory::open(options.path);
  REQUIRE(history.has_value());
  std::int64_t after = 0;
  const auto recorded = history->steps(after, 10'000);
  REQUIRE(recorded.has_value());
  std::vector<JournalStep> back;
  for (const auto& one : *recorded) back.push_back(one.step);
  return back;
}

int differences(const std::vector<JournalStep>& steps) {
  Replay replay(one_job());
  int found = 0;
  bool begins = true;
  for (const auto& step : steps) {
    const auto decision = replay.step(step, begins);
    begins = false;
    if (!decision || text(decision->verdicts) != text(step.verdicts)) ++found;
  }
  return found;
}

int count(const std::vector<JournalStep>& steps, Step wanted) {
  int found = 0;
  for (const auto& step : steps) {
    for (const auto& verdict : step.verdicts) found += verdict.step == wanted ? 1 : 0;
  }
  return found;
}

}  // namespace

TEST_CASE("replay: a night of a job comes out the same through the journal, byte for byte") {
  const auto steps = through_a_journal(a_night());
  CHECK(count(steps, Step::blocked) > 0);
  CHECK(count(steps, Step::started) == 1);
  CHECK(count(steps, Step::stopped) >= 1);
  CHECK(count(steps, Step::resumed) == 1);
  CHECK(count(steps, Step::finished) == 1);
  CHECK(differences(steps) == 0);
}

TEST_CASE("replay: without what was reported, or the time of day, a job comes out otherwise") {
  auto steps = a_night();
  SECTION("reports") {
    for (auto& step : steps) step.jobs.clear();
  }
  SECTION("refusals") {
    for (auto& step : steps) step.not_started.clear();
  }
  SECTION("approvals") {
    for (auto& step : steps) step.acks.clear();
  }
  SECTION("the time of day") {
    for (auto& step : steps) step.wall = WallTime{};
  }
  CHECK(differences(steps) > 0);
}

}  // namespace homeostat
