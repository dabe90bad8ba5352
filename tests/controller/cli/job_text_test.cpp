// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/text/job_text.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "controller/api/report_json.hpp"
#include "controller/cli/text/explain_text.hpp"
#include "controller/cli/text/job_gate_text.hpp"
#include "controller/cli/text/quantity.hpp"
#include "controller/cli/text/status_tables.hpp"
#include "tests/controller/cli/verdicts.hpp"

using namespace homeostat;
using namespace homeostat::testing;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

Verdict of_job(Step step, BreakerState state = BreakerState::closed) {
  Verdict verdict;
  verdict.policy = "shard-balance";
  verdict.kind = PolicyKind::job;
  verdict.mode = Mode::enforce;
  verdict.step = step;
  verdict.state = state;
  verdict.rungs = 1;
  verdict.job = JobStatus{};
  return verdict;
}

std::string said(const Verdict& verdict) { return text::reason(verdict, nullptr); }

Gate no(GateKind kind, double value = 0, double threshold = 1) {
  return {kind, -1, value, threshold, value - threshold, false};
}

}  // namespace

TEST_CASE("a job that is idle says what keeps it: window, time, approval, another job") {
  auto verdict = of_job(Step::idle);
  verdict.gates = {no(GateKind::start_window)};
  CHECK(said(verdict) == "Nothing to do: outside its windows.");
  verdict.gates = {no(GateKind::at_most_every, 3600, 604'800)};
  CHECK(said(verdict) == "Nothing to do: 1 h of 7 d since the last start: 6 d 23 h to go.");
  verdict.gates = {no(GateKind::cooldown, 60, 3600)};
  CHECK(said(verdict) ==
        "Nothing to do: 1 min of 1 h since the end of the last run: 59 min to go.");
  verdict.evidence = {lock_wait(2)};
  verdict.gates = {{GateKind::trip, 0, 2, 5, -3, false}};
  CHECK(said(verdict) ==
        "Nothing to do: pg_lock_wait_max_seconds: 2 s, must exceed 5 s: 3 s short.");

  verdict = of_job(Step::blocked);
  verdict.gates = {no(GateKind::approval), no(GateKind::one_at_a_time), no(GateKind::wall_clock)};
  CHECK(said(verdict) ==
        "Would start, but may not: waits for a person's approval: homeostat ack --policy "
        "shard-balance --reason TEXT; another job runs on its target; "
        "the time of day is not known.");
  verdict.gates = {no(GateKind::blocked_while)};
  CHECK(text::reason(verdict, {{"blocked_while", {"circuit-breaker"}}}) ==
        "Would start, but may not: open or unknown: one of circuit-breaker, the breakers about "
        "locks.");
  verdict.state = BreakerState::half_open;
  CHECK_THAT(said(verdict), Contains("Would go on, but may not: "));
}

TEST_CASE("a job that starts says why, and whether before its time") {
  auto verdict = of_job(Step::started, BreakerState::open);
  CHECK(said(verdict) == "Started: its time has come.");
  verdict.evidence = {lock_wait(7)};
  verdict.evidence[0].tripped = true;
  CHECK(said(verdict) == "Started: pg_lock_wait_max_seconds 7 s.");
  verdict.gates = {no(GateKind::start_window)};
  CHECK(said(verdict) == "Started early: pg_lock_wait_max_seconds 7 s.");
  verdict.job->chosen = "load";
  CHECK(said(verdict) == "Started early: pg_lock_wait_max_seconds 7 s; by load.");
}

TEST_CASE("a job that runs says how long, how much, and what is guessed of its end") {
  auto verdict = of_job(Step::holding, BreakerState::open);
  verdict.job->ran = 3min;
  CHECK(said(verdict) == "Runs: 3 min so far.");
  verdict.job->bytes_done = 12.3e9;
  verdict.job->left = 4min;
  CHECK(said(verdict) == "Runs: 3 min so far, 12.3 GB moved, by a guess 4 min to go.");
  CHECK_THAT(text::explain(verdict, kWall),
             Contains("running, 3 min so far, 12.3 GB moved, by a guess 4 min to go"));
}

TEST_CASE("a job that is ordered and refused says so, why, how often and how long") {
  auto verdict = of_job(Step::holding, BreakerState::open);
  verdict.at = TimePoint{1000s};
  verdict.job->ran = 3min;
  verdict.job->not_started = NotStarted{TimePoint{998s}, 1, "no slots"};
  CHECK(said(verdict) ==
        "Ordered, not started: no slots (tried once, 2 s ago, and again at least every 30 s).");
  verdict.job->not_started = NotStarted{TimePoint{880s}, 5, "no slots"};
  CHECK(said(verdict) ==
        "Ordered, not started: no slots (tried 5 times in 2 min, and again at least every 30 s).");
  CHECK(text::job_state(verdict) == "ordered, NOT STARTED for 2 min");
  CHECK_THAT(text::explain(verdict, kWall),
             Contains("Ordered, not started: no slots") && !Contains("unning"));

  verdict = of_job(Step::stopped, BreakerState::half_open);
  verdict.job->stop = JobStop::time_budget;
  verdict.job->not_started = NotStarted{TimePoint{880s}, 5, "no slots"};
  CHECK(said(verdict) ==
        "Stopped, for the time of its budget was used up, and had not begun: no slots; it goes on "
        "in a later window.");
  verdict.step = Step::holding;
  CHECK(said(verdict) ==
        "Waits to go on, since the time of its budget was used up, and had not begun: no slots.");
  CHECK(text::job_state(verdict) == "stopped, and had not begun: no slots, to go on later");
  verdict.state = BreakerState::closed;
  CHECK(text::job_state(verdict) == "idle, the last run NEVER BEGAN: no slots");
}

TEST_CASE("a job that was stopped says why, and whether it goes on") {
  auto verdict = of_job(Step::stopped, BreakerState::half_open);
  verdict.job->bytes_done = 5e9;
  const std::pair<JobStop, std::string> reasons[] = {
      {JobStop::time_budget, "the time of its budget was used up"},
      {JobStop::byte_budget, "the bytes of its budget were used up"},
      {JobStop::bytes_per_day, "what all jobs may move in a day was used up"},
      {JobStop::deadline, "its deadline had come"},
      {JobStop::blocked, "a policy that blocks it had opened"},
      {JobStop::outside, "somebody else stopped it"}};
  for (const auto& [stop, why] : reasons) {
    verdict.job->stop = stop;
    CHECK(said(verdict) == "Stopped, for " + why + ", 5 GB moved; it goes on in a later window.");
  }
  verdict.state = BreakerState::closed;
  CHECK_THAT(said(verdict), Contains("; the run is over."));

  verdict = of_job(Step::holding, BreakerState::half_open);
  verdict.job->stop = JobStop::deadline;
  verdict.gates = {no(GateKind::resume_window)};
  CHECK(said(verdict) ==
        "Waits to go on, since its deadline had come: outside its windows to resume in, or in the "
        "one that it was stopped in.");
  CHECK_THAT(text::explain(verdict, kWall), Contains("stopped, to go on later"));
  CHECK(said(of_job(Step::resumed, BreakerState::open)) == "Goes on with what was stopped before.");
}

TEST_CASE("a job that is over says how it ended, and a failed one is not forgotten") {
  auto verdict = of_job(Step::finished);
  verdict.job->bytes_done = 49e9;
  CHECK(said(verdict) == "Finished, 49 GB moved.");
  verdict.step = Step::failed;
  verdict.job->failed = true;
  CHECK(said(verdict) == "Failed, 49 GB moved; the run is over.");
  CHECK_THAT(text::explain(verdict, kWall), Contains("idle, the last run FAILED"));
  verdict.job->why = "no disk";
  CHECK(said(verdict) == "Failed: no disk, 49 GB moved; the run is over.");
  CHECK(text::job_state(verdict) == "idle, the last run FAILED: no disk");
  verdict.job->why.clear();
  verdict.job->failed = false;
  CHECK(text::job_state(verdict) == "idle");
}

TEST_CASE("a job whose signal is absent says so, as every policy does") {
  auto verdict = of_job(Step::unknown);
  verdict.evidence.emplace_back();
  verdict.evidence.back().signal = "citus_node_cv";
  CHECK_THAT(said(verdict), Contains("Cannot tell") && Contains("citus_node_cv"));
}

TEST_CASE("every gate of a job has words, passed and not") {
  for (const auto kind :
       {GateKind::wall_clock, GateKind::start_window, GateKind::at_most_every, GateKind::cooldown,
        GateKind::approval, GateKind::one_at_a_time, GateKind::time_budget, GateKind::byte_budget,
        GateKind::bytes_per_day, GateKind::deadline, GateKind::resume_window}) {
    auto gate = no(kind);
    const auto refused = text::job_gate(gate, "x");
    gate.passed = true;
    CHECK_FALSE(refused.empty());
    CHECK_FALSE(text::job_gate(gate, "x").empty());
    CHECK(text::job_gate(gate, "x") != refused);
  }
  CHECK(text::job_gate(no(GateKind::byte_budget, 3e9, 2e9), "x") == "moved 3 GB of 2 GB: used up");
  CHECK(text::job_gate(no(GateKind::bytes_per_day, 500e9, 400e9), "x") ==
        "all jobs within a day moved 500 GB of 400 GB: used up");
  CHECK(text::job_gate(no(GateKind::bar), "x").empty());
}

TEST_CASE("status: a job shows how it stands, and no rungs") {
  auto report = full_report();
  auto verdict = of_job(Step::holding, BreakerState::open);
  verdict.job->ran = 3min;
  report.verdicts = {verdict};
  const auto rows = text::policy_rows(to_json(report));
  REQUIRE(rows.size() == 2);
  CHECK(rows[1][3] == "running, 3 min so far");
  CHECK(rows[1][4] == "-");
  CHECK(rows[1][5] == "Runs: 3 min so far.");
}

TEST_CASE("bytes are told in decimal units") {
  CHECK(text::bytes(0) == "0 B");
  CHECK(text::bytes(999) == "999 B");
  CHECK(text::bytes(12.34e9) == "12.3 GB");
  CHECK(text::bytes(2.5e15) == "2.5e+03 TB");
}
