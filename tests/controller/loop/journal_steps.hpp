// SPDX-License-Identifier: Apache-2.0
// Steps as a supervisor would write them, for the tests of the journal.
#pragma once

#include <string>

#include "controller/ports/journal.hpp"

namespace homeostat::testing {

constexpr std::int64_t kFirstWall = 1'767'225'600'000'000;  // 2026-01-01T00:00:00Z

inline WallTime wall_of_step(int number) {
  return WallTime{Duration{kFirstWall} + std::chrono::seconds{number}};
}

inline Verdict verdict_of(const std::string& policy, Step did, int number) {
  Verdict verdict;
  verdict.policy = policy;
  verdict.at = TimePoint{std::chrono::seconds{1000 + number}};
  verdict.step = did;
  verdict.evidence.push_back({"pg_blocked_ratio", Quality::whole, AbsentReason::none, 3, 40, 0.0777,
                              0.41, std::nullopt, false, true});
  verdict.gates.push_back({GateKind::trip, 0, 0.41, 1, -0.59, false});
  return verdict;
}

inline ActRecord act_of(const std::string& policy, int number) {
  ActRecord act;
  act.at = TimePoint{std::chrono::seconds{1000 + number}};
  act.outcome = ChangeOutcome::applied;
  act.key = {"feature", "class/batch"};
  act.value.arguments["admit"] = 0.0;
  act.policy = policy;
  act.rung = 1;
  act.token = {7, number};
  act.detail = "pg_blocked_ratio 0.79";
  return act;
}

/// Step `number`, one second after the one before; three samples, no verdict and no act.
inline JournalStep quiet_step(int number) {
  JournalStep step;
  step.at = TimePoint{std::chrono::seconds{1000 + number}};
  step.wall = wall_of_step(number);
  const Subject node{SubjectKind::node, "main"};
  const auto taken = step.at - std::chrono::milliseconds{3};
  step.samples.push_back(ratio("pg_blocked_ratio", node, number % 7, 40, taken));
  step.samples.push_back(gauge("pg_lock_wait_max_seconds", node, 0.25 + number, taken));
  step.samples.push_back(gauge("probe_up", node, 1, step.at));
  return step;
}

}  // namespace homeostat::testing
