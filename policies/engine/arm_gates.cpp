// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/arm_gates.hpp"

#include "policies/engine/absence.hpp"
#include "policies/engine/arm.hpp"
#include "policies/engine/cusum.hpp"
#include "policies/engine/folds.hpp"
#include "policies/engine/level.hpp"
#include "policies/engine/timers.hpp"
#include "policies/engine/trend.hpp"

namespace homeostat {
namespace {

/// One arm of an evaluation, with what is known of it.
struct Looked {
  int index;
  const Arm& arm;
  const ArmView& view;
  const ArmMemory& memory;
  const LevelTest* level;
  const CusumTest* cusum;
  const TrendTest* trend;
  const AbsenceTest* absence;
};

Looked looked_at(const Evaluation& evaluation, int index) {
  const auto at = static_cast<std::size_t>(index);
  const Arm& arm = evaluation.policy.open.arms[at];
  return {index,
          arm,
          evaluation.arms[at],
          evaluation.runtime.arms[at],
          std::get_if<LevelTest>(&arm.test),
          std::get_if<CusumTest>(&arm.test),
          std::get_if<TrendTest>(&arm.test),
          std::get_if<AbsenceTest>(&arm.test)};
}

/// The detector steps on folds, and the one that ended last holds no reading.
bool lacks_fold(const Looked& at, const EngineSettings& settings, TimePoint now) {
  if (at.trend != nullptr) return last_step_missing(at.memory, settings, now);
  return at.cusum != nullptr && last_fold_absent(at.memory, settings, now);
}

/// The age of the reading; of a detector on folds whose last fold holds none, how far back from
/// that fold's end the one begins that does. A reading that could not be had has no age.
void add_freshness(Evaluation& evaluation, const Looked& at) {
  const auto& settings = evaluation.set.settings;
  const SignalReading& reading = at.view.reading;
  const auto age = evaluation.now - reading.taken.value_or(evaluation.now);
  const bool old = age > settings.stale_after;
  auto& verdict = evaluation.verdict;
  if (!old && lacks_fold(at, settings, evaluation.now)) {
    const double fold = to_seconds(settings.fold);
    const auto folds = fold_number(evaluation.now, settings.fold) - at.memory.stepped_fold;
    const double back = static_cast<double>(folds) * fold;
    add_gate(verdict, GateKind::freshness, at.index, back, fold, fold - back);
    return;
  }
  if (!reading.taken || (reading.quality == Quality::absent && !old)) return;
  const double limit = to_seconds(settings.stale_after);
  add_gate(verdict, GateKind::freshness, at.index, to_seconds(age), limit, limit - to_seconds(age));
}

double clear_threshold(const Looked& at) {
  const double fallback = at.level != nullptr   ? at.level->threshold
                          : at.cusum != nullptr ? at.cusum->ref
                          : at.trend != nullptr ? at.trend->rises
                                                : 0;
  return at.arm.clear_level.value_or(fallback);
}

/// What is held against the clear level: of a trend the value of a gauge that has a clear level,
/// otherwise the rise. An absence has nothing of the kind.
std::optional<double> clear_value(const Evaluation& evaluation, const Looked& at) {
  if (at.trend == nullptr) return at.view.judged;
  const auto rules = trend_rules(evaluation.set, at.arm);
  return rules.counter || !rules.clear_level ? at.view.rise : at.view.judged;
}

/// Asked when the evidence is enough: a fold that is clear forbids a trip nevertheless. An idle one
/// is clear whatever a prior makes of it, and counts as 0 here.
void add_not_clear(Evaluation& evaluation, const Looked& at) {
  const double threshold = clear_threshold(at);
  const double folded = clear_value(evaluation, at).value_or(0);
  const double value = at.memory.clear && folded >= threshold ? 0 : folded;
  add_gate(evaluation.verdict, GateKind::not_clear, at.index, value, threshold, value - threshold,
           !at.memory.clear);
}

void add_cusum_gates(Evaluation& evaluation, const Looked& at) {
  const double trip = trip_level(*at.cusum, evaluation.runtime.memory.state);
  const double over = at.memory.cusum - trip;
  auto& verdict = evaluation.verdict;
  add_gate(verdict, GateKind::trip, at.index, at.memory.cusum, trip, over);
  bool enough = over >= 0;
  if (at.view.backstop) {
    const double excess = *at.view.backstop - at.cusum->ref;
    enough = enough || excess > 0;
    add_gate(verdict, GateKind::backstop, at.index, *at.view.backstop, at.cusum->ref, excess,
             excess > 0);
  }
  if (enough) add_not_clear(evaluation, at);
}

void add_level_gates(Evaluation& evaluation, const Looked& at) {
  if (!at.view.judged) return;
  auto& verdict = evaluation.verdict;
  const LevelTest& test = *at.level;
  const double over = *at.view.judged - test.threshold;
  const double margin = test.comparison == Comparison::above ? over : -over;
  add_gate(verdict, GateKind::trip, at.index, *at.view.judged, test.threshold, margin,
           breached(test, *at.view.judged));
  if (test.hold_for) {
    add_time_gate(evaluation, GateKind::dwell, at.index, at.memory.breached_time, *test.hold_for);
  } else {
    const double count = at.memory.breached_evaluations;
    add_gate(verdict, GateKind::dwell, at.index, count, test.for_samples, count - test.for_samples);
  }
}

void add_trend_gates(Evaluation& evaluation, const Looked& at) {
  const TrendTest& test = *at.trend;
  const auto& settings = evaluation.set.settings;
  auto& verdict = evaluation.verdict;
  if (!at.view.rise) {
    const double covered = to_seconds(window_covered(at.memory, settings));
    const double needed = to_seconds(window_needed(test, settings));
    add_gate(verdict, GateKind::window, at.index, covered, needed, covered - needed, false);
    return;
  }
  const double over = *at.view.rise - test.rises;
  add_gate(verdict, GateKind::rise, at.index, *at.view.rise, test.rises, over);
  if (over >= 0 && at.arm.clear_level) add_not_clear(evaluation, at);
  add_time_gate(evaluation, GateKind::dwell, at.index, at.memory.breached_time, test.hold_for);
}

void add_absence_gate(Evaluation& evaluation, const Looked& at) {
  const auto absent = absent_time(at.memory, evaluation.set.settings, evaluation.now);
  add_time_gate(evaluation, GateKind::absent_for, at.index, absent, at.absence->absent_for);
}

void add_max_open(Evaluation& evaluation, const Looked& at) {
  if (!at.arm.max_open || !at.memory.tripped_since) return;
  const auto elapsed = evaluation.now - *at.memory.tripped_since;
  const double tripped = to_seconds(on_grid(elapsed, evaluation.set.settings.sample_every));
  const double limit = to_seconds(*at.arm.max_open);
  add_gate(evaluation.verdict, GateKind::max_open, at.index, tripped, limit, limit - tripped,
           !at.memory.exhausted);
}

}  // namespace

void add_arm_gates(Evaluation& evaluation, int index) {
  const auto at = looked_at(evaluation, index);
  const bool absent = at.view.reading.quality == Quality::absent;
  if (at.absence != nullptr) {
    add_absence_gate(evaluation, at);
    add_max_open(evaluation, at);
    return;
  }
  add_freshness(evaluation, at);
  if (!absent && at.cusum != nullptr) add_cusum_gates(evaluation, at);
  if (!absent && at.level != nullptr) add_level_gates(evaluation, at);
  if (!absent && at.trend != nullptr) add_trend_gates(evaluation, at);
  if (!absent || at.memory.exhausted) add_max_open(evaluation, at);
}

void add_climb_gate(Evaluation& evaluation, int index) {
  const auto at = looked_at(evaluation, index);
  if (at.cusum == nullptr || !at.view.judged) return;
  const double excess = *at.view.judged - at.cusum->ref;
  add_gate(evaluation.verdict, GateKind::climb_above, index, *at.view.judged, at.cusum->ref, excess,
           beyond_threshold(at.arm, at.view));
}

void add_clear_gate(Evaluation& evaluation, int index) {
  const auto at = looked_at(evaluation, index);
  const auto value = clear_value(evaluation, at);
  if (!value) return;
  const double threshold = clear_threshold(at);
  const bool upwards = at.level != nullptr && at.level->comparison == Comparison::below;
  const double margin = upwards ? *value - threshold : threshold - *value;
  add_gate(evaluation.verdict, GateKind::clear, index, *value, threshold, margin, at.view.clear);
}

}  // namespace homeostat
