// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/arm.hpp"

#include <algorithm>
#include <utility>

#include "policies/engine/absence.hpp"
#include "policies/engine/arm_gates.hpp"
#include "policies/engine/cusum.hpp"
#include "policies/engine/folds.hpp"
#include "policies/engine/formula_reading.hpp"
#include "policies/engine/interlocks.hpp"
#include "policies/engine/level.hpp"
#include "policies/engine/timers.hpp"
#include "policies/engine/trend.hpp"

namespace homeostat {
namespace {

const CusumTest* cusum_of(const Arm& arm) { return std::get_if<CusumTest>(&arm.test); }
const LevelTest* level_of(const Arm& arm) { return std::get_if<LevelTest>(&arm.test); }
const TrendTest* trend_of(const Arm& arm) { return std::get_if<TrendTest>(&arm.test); }
const AbsenceTest* absence_of(const Arm& arm) { return std::get_if<AbsenceTest>(&arm.test); }

SignalReading read_arm(const PolicySet& set, const Snapshot& snapshot, const Arm& arm,
                       const Subject& subject, TimePoint now) {
  if (!arm.record.empty()) {
    return read_record(set, snapshot, arm.record.front(), subject, now);
  }
  const auto* level = level_of(arm);
  const auto bad = level != nullptr ? level->comparison : Comparison::above;
  const auto aggregate = aggregate_for(arm.aggregate, shape_of(set, arm.signal), bad);
  return read_signal(set, snapshot, arm.signal, subject, aggregate, now);
}

void make_absent(SignalReading& reading) {
  if (reading.quality == Quality::absent) return;
  reading.quality = Quality::absent;
  reading.reason = AbsentReason::stale;
}

ArmView view_cusum(const ArmMemory& memory, const CusumTest& test, SignalReading reading,
                   const EngineSettings& settings, BreakerState state, TimePoint now) {
  ArmView view;
  view.backstop = backstop_mean(memory, settings);
  if (last_fold_absent(memory, settings, now)) make_absent(reading);
  view.reading = reading;
  if (reading.quality == Quality::absent) return view;
  view.judged = memory.folded;
  view.clear = memory.folded && memory.clear;
  const bool tripped = memory.folded && cusum_tripped(memory, test, settings, state);
  view.truth = tripped ? Truth::yes : Truth::no;
  return view;
}

ArmView view_level(const ArmMemory& memory, const Arm& arm, const LevelTest& test,
                   const SignalReading& reading, const EngineSettings& settings) {
  ArmView view;
  view.reading = reading;
  if (reading.quality == Quality::absent) return view;
  view.judged = judged_level(memory, arm, reading);
  view.clear = memory.clear;
  view.truth = level_tripped(memory, test, settings) ? Truth::yes : Truth::no;
  return view;
}

ArmView view_trend(const ArmMemory& memory, const TrendTest& test, SignalReading reading,
                   const EngineSettings& settings, TimePoint now) {
  ArmView view;
  if (last_step_missing(memory, settings, now)) make_absent(reading);
  view.reading = reading;
  if (reading.quality == Quality::absent) return view;
  view.judged = memory.folded;
  view.rise = memory.rise;
  view.clear = memory.clear;
  view.truth = trend_tripped(memory, test, settings) ? Truth::yes : Truth::no;
  return view;
}

/// Never unknown: an absence is what it is about.
ArmView view_absence(const ArmMemory& memory, const AbsenceTest& test, const SignalReading& reading,
                     const EngineSettings& settings, TimePoint now) {
  ArmView view;
  view.reading = reading;
  view.clear = memory.clear;
  view.truth = absence_tripped(memory, test, settings, now) ? Truth::yes : Truth::no;
  return view;
}

/// What was gathered about a server that is not there any more says nothing about the one that is.
/// What the breaker did about it stands: its episode goes on until the new server is clear.
void discard_evidence(ArmMemory& memory) {
  ArmMemory fresh;
  fresh.stepped_fold = memory.stepped_fold;
  fresh.involved = memory.involved;
  fresh.tripped_since = memory.tripped_since;
  fresh.exhausted = memory.exhausted;
  fresh.absent_since = memory.absent_since;
  memory = std::move(fresh);
}

/// max_open and "tripped since": an episode begins with a trip and ends when the arm has been clear
/// for its clear_for.
void follow_episode(ArmMemory& memory, const Arm& arm, const ArmView& view,
                    const EngineSettings& settings, TimePoint now) {
  if (view.truth == Truth::unknown) return;
  if (view.truth == Truth::yes && !memory.tripped_since) memory.tripped_since = now;
  if (view.clear && on_grid(memory.clear_time, settings.sample_every) >= arm.clear_for) {
    memory.tripped_since.reset();
    memory.exhausted = false;
  }
  const bool overdue = arm.max_open && memory.tripped_since &&
                       on_grid(now - *memory.tripped_since, settings.sample_every) > *arm.max_open;
  if (overdue) memory.exhausted = true;
}

/// While shards are moved, how evenly they lie says nothing new: no trip, and no evidence for one
/// afterwards. What had tripped before goes on until it is clear.
void excuse(ArmMemory& memory, ArmView& view) {
  consume_evidence(memory);
  memory.breached_evaluations = 0;
  memory.breached_time = Duration{};
  if (view.truth == Truth::yes) view.truth = Truth::no;
}

void add_evidence(Verdict& verdict, const Arm& arm, const ArmMemory& memory, const ArmView& view) {
  Evidence evidence;
  evidence.signal = arm.signal;
  evidence.quality = view.reading.quality;
  evidence.reason = view.reading.reason;
  evidence.numerator = view.reading.numerator;
  evidence.denominator = view.reading.denominator;
  evidence.judged = view.judged;
  if (cusum_of(arm) != nullptr) evidence.cusum = memory.cusum;
  evidence.backstop = view.backstop;
  evidence.rise = view.rise;
  evidence.tripped = view.truth == Truth::yes;
  evidence.clear = view.clear;
  verdict.evidence.push_back(std::move(evidence));
}

}  // namespace

void observe_arm(const PolicySet& set, const Snapshot& snapshot, const EngineState& state,
                 const Arm& arm, const PolicyMemory& policy, ArmMemory& memory, TimePoint now) {
  const bool other_server = arm.record.empty()
                                ? server_changed(snapshot, arm.signal, policy.subject)
                                : server_changed(snapshot, arm.record.front(), policy.subject);
  if (other_server) discard_evidence(memory);
  if (const auto* test = cusum_of(arm)) {
    const auto fold = ended_fold(state, arm.signal, policy.subject, arm.aggregate);
    if (!fold || fold->number <= memory.stepped_fold) return;
    step_cusum(memory, *test, arm.clear_level, *fold, set.settings, policy.state);
  } else if (const auto* trend = trend_of(arm)) {
    const auto folds = ended_folds(state, arm.signal, policy.subject);
    if (folds.empty() || folds.front().second.number <= memory.stepped_fold) return;
    step_trend(memory, *trend, trend_rules(set, arm), folds, set.settings);
  } else if (absence_of(arm) != nullptr) {
    follow_absence(memory, read_arm(set, snapshot, arm, policy.subject, now), now);
  } else if (arm.smooth) {
    const auto reading = read_arm(set, snapshot, arm, policy.subject, now);
    smooth_level(memory, arm, reading);
  }
}

ArmView view_arm(const PolicySet& set, const Snapshot& snapshot, const Arm& arm,
                 const PolicyMemory& policy, const ArmMemory& memory, TimePoint now) {
  const auto reading = read_arm(set, snapshot, arm, policy.subject, now);
  ArmView view;
  if (const auto* test = cusum_of(arm)) {
    view = view_cusum(memory, *test, reading, set.settings, policy.state, now);
  } else if (const auto* trend = trend_of(arm)) {
    view = view_trend(memory, *trend, reading, set.settings, now);
  } else if (const auto* absence = absence_of(arm)) {
    view = view_absence(memory, *absence, reading, set.settings, now);
  } else {
    view = view_level(memory, arm, *level_of(arm), reading, set.settings);
  }
  if (memory.exhausted) view.truth = Truth::no;
  return view;
}

void look_at_arm(Evaluation& evaluation, const Snapshot& snapshot, int index) {
  const auto at = static_cast<std::size_t>(index);
  const PolicySet& set = evaluation.set;
  const Arm& arm = evaluation.policy.open.arms[at];
  const PolicyMemory& policy = evaluation.runtime.memory;
  ArmMemory& memory = evaluation.runtime.arms[at];
  const TimePoint now = evaluation.now;
  if (const auto* test = level_of(arm)) {
    const auto reading = read_arm(set, snapshot, arm, policy.subject, now);
    look_at_level(memory, arm, *test, reading, now);
  }
  ArmView view = view_arm(set, snapshot, arm, policy, memory, now);
  const bool excused =
      evaluation.policy.kind == PolicyKind::breaker && evaluation.rebalance && judges_balance(arm);
  if (excused) excuse(memory, view);
  follow_episode(memory, arm, view, set.settings, now);
  if (memory.exhausted) view.truth = Truth::no;
  const bool sticks = policy.state != BreakerState::closed || evaluation.runtime.alert_since;
  memory.involved = view.truth == Truth::yes || (memory.involved && sticks);
  add_evidence(evaluation.verdict, arm, memory, view);
  evaluation.arms.push_back(std::move(view));
  add_arm_gates(evaluation, index);
  if (excused && beyond_threshold(arm, evaluation.arms.back())) {
    add_gate(evaluation.verdict, GateKind::one_at_a_time, index, 0, 1, -1);
  }
}

bool beyond_threshold(const Arm& arm, const ArmView& view) {
  if (absence_of(arm) != nullptr) return view.reading.quality == Quality::absent;
  if (const auto* test = trend_of(arm)) return !view.clear && risen(*test, view.rise);
  if (!view.judged) return false;
  if (const auto* test = level_of(arm)) return breached(*test, *view.judged);
  return !view.clear && *view.judged > cusum_of(arm)->ref;
}

}  // namespace homeostat
