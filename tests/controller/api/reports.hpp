// SPDX-License-Identifier: Apache-2.0
// A Report with something in every member, and a History that remembers what it was asked.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controller/loop/report.hpp"
#include "controller/ports/history.hpp"

namespace homeostat::testing {

inline const Subject kMain{SubjectKind::node, "main"};
inline const Subject kSpare{SubjectKind::node, "spare"};

inline Policy breaker() {
  Policy policy;
  policy.name = "circuit-breaker";
  policy.mode = Mode::enforce;
  Arm arm;
  arm.signal = "pg_blocked_ratio";
  arm.test = CusumTest{};
  policy.open.arms.push_back(arm);
  Act act;
  act.lever = "feature";
  act.target = "class/batch";
  act.value.arguments["admit"] = 0.0;
  policy.ladder.push_back(act);
  return policy;
}

inline Verdict open_verdict(TimePoint at) {
  Verdict verdict;
  verdict.policy = "circuit-breaker";
  verdict.mode = Mode::enforce;
  verdict.share = 1;
  verdict.at = at;
  verdict.state = BreakerState::open;
  verdict.step = Step::climbed;
  verdict.rung = 1;
  verdict.rungs = 1;
  Gate trip;
  trip.kind = GateKind::trip;
  trip.arm = 0;
  trip.value = 1.5;
  trip.threshold = 1;
  trip.margin = 0.5;
  trip.passed = true;
  Gate budget;
  budget.kind = GateKind::policy_budget;
  budget.value = 5;
  budget.threshold = 1;
  budget.margin = 4;
  budget.passed = true;
  verdict.gates = {trip, budget};
  return verdict;
}

inline Report full_report() {
  using namespace std::chrono_literals;
  Report report;
  report.version = "0.1.0";
  report.instance = "host:1";
  report.endpoint = "host:9780";
  report.started = WallTime{1000s};
  report.wall = WallTime{2000s};
  report.at = TimePoint{500s};
  report.last_tick = WallTime{1990s};
  report.ticks = 33;
  report.ticks_skipped = 2;
  report.steps_skipped = 9;
  report.step_every = 1s;
  report.tick = 30s;
  report.barred_for = 4s;
  report.mode_ceiling = Mode::enforce;
  report.ledger_configured = true;
  report.leader = true;
  report.epoch = 7;
  report.samples = {
      gauge("pg_deadlocks_total", kMain, 12, TimePoint{499s}),
      gauge("probe_up", kMain, 1, TimePoint{500s}),
      gauge("probe_up", kSpare, 0, TimePoint{500s}),
      ratio("pg_blocked_ratio", kMain, 1, 4, TimePoint{498s}),
      absent("pg_blocked_ratio", kSpare, AbsentReason::timeout, TimePoint{500s}),
      ratio("pg_idle_ratio", kMain, 0, 0, TimePoint{499s}),
  };
  report.notes.push_back({kMain, "root_blocker", "pid 42 of role reporting"});
  report.probes = {{"pg_locks", kMain, true, ""}, {"pg_locks", kSpare, false, "no answer"}};
  report.policies.push_back(breaker());
  report.verdicts.push_back(open_verdict(report.at));
  OpenLever lever;
  lever.row.key = {"feature", "class/batch"};
  lever.row.value.arguments["admit"] = 0.0;
  lever.row.policy = "circuit-breaker";
  lever.row.rung = 1;
  lever.row.remaining = 90s;
  lever.row.token = {7, 3};
  lever.overdue = 5s;
  report.levers.push_back(lever);
  Alert alert;
  alert.labels = {{"alertname", "HomeostatCircuitBreaker"}, {"severity", "page"}};
  alert.annotations = {{"summary", "open"}};
  alert.starts = WallTime{1900s};
  report.alerts.push_back(alert);
  report.acts[{"circuit-breaker", "feature", "applied"}] = 3;
  report.effects[{"circuit-breaker", "ineffective"}] = 2;
  report.benched = {{"circuit-breaker", {}, 1, {"feature", "class/batch"}, 2, false, 600s}};
  report.would_acts[{"lock-contention", "planner_profile"}] = 4;
  report.budget_remaining = {{"circuit-breaker", 5}, {"cluster", 9}};
  report.amounts_remaining = {{"sessions", 13}, {"bytes", 250'000'000'000}};
  report.feature_share = {{"monthly_report", 0.0}, {"checkout", 1.0}};
  report.batch_windows = {
      {"play-counts", 37.5, 10'000, 17, WallTime{4000s}, "batch-window: a test"}};
  report.stale_sessions = {{"reporting", 3}};
  report.notify_failures = {{"http://127.0.0.1:9093", 6}};
  return report;
}

class FakeHistory : public History {
 public:
  Result<std::vector<RecordedVerdict>> verdicts(const HistoryQuery& query) const override {
    asked = query;
    if (failure) return *failure;
    return std::vector<RecordedVerdict>{
        {WallTime{std::chrono::seconds{100}}, open_verdict(TimePoint{std::chrono::seconds{9}})}};
  }
  Result<std::vector<RecordedAct>> acts(const HistoryQuery& query) const override {
    asked = query;
    if (failure) return *failure;
    RecordedAct record;
    record.wall = WallTime{std::chrono::seconds{200}};
    record.act.key = {"feature", "class/batch"};
    record.act.policy = "circuit-breaker";
    return std::vector<RecordedAct>{record};
  }
  Result<std::vector<RecordedEffect>> effects(const HistoryQuery& query) const override {
    asked = query;
    if (failure) return *failure;
    RecordedEffect record;
    record.wall = WallTime{std::chrono::seconds{300}};
    record.effect.signal = "pg_blocked_ratio";
    return std::vector<RecordedEffect>{record};
  }

  mutable std::optional<HistoryQuery> asked;
  std::optional<Error> failure;
};

}  // namespace homeostat::testing
