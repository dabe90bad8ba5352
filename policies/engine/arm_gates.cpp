// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/arm_gates.hpp"

#include "policies/engine/arm.hpp"
#include "policies/engine/cusum.hpp"
#include "policies/engine/folds.hpp"
#include "policies/engine/level.hpp"
#include "policies/engine/timers.hpp"

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
};

Looked looked_at(const Evaluation& evaluation, int index) {
  const auto at = static_cast<std::size_t>(index);
  const Arm& arm = evaluation.policy.open.arms[at];
  return {index,
          arm,
          evaluation.arms[at],
          evaluation.runtime.arms[at],
          std::get_if<LevelTest>(&arm.test),
          std::get_if<CusumTest>(&arm.test)};
}

/// The age of the reading; of a cusum whose last fold holds none, how far back from that fold's end
/// the one begins that does. A reading that could not be had has no age.
void add_freshness(Evaluation& evaluation, const Looked& at) {
  const auto& settings = evaluation.set.settings;
  const SignalReading& reading = at.view.reading;
  const auto age = evaluation.now - reading.taken.value_or(evaluation.now);
  const bool old = age > settings.stale_after;
  auto& verdict = evaluation.verdict;
  if (at.cusum != nullptr && !old && last_fold_absent(at.memory, settings, evaluation.now)) {
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
  const double fallback = at.level != nullptr ? at.level->threshold : at.cusum->ref;
  return at.arm.clear_level.value_or(fallback);
}

/// Asked when S or the mean is enough: a fold that is clear forbids a trip nevertheless. An idle
/// one is clear whatever the prior makes of it, and counts as 0 here.
void add_not_clear(Evaluation& evaluation, const Looked& at) {
  const double threshold = clear_threshold(at);
  const double folded = at.view.judged.value_or(0);
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
  add_freshness(evaluation, at);
  const bool absent = at.view.reading.quality == Quality::absent;
  if (!absent && at.cusum != nullptr) add_cusum_gates(evaluation, at);
  if (!absent && at.level != nullptr) add_level_gates(evaluation, at);
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
  if (!at.view.judged) return;
  const double threshold = clear_threshold(at);
  const bool upwards = at.level != nullptr && at.level->comparison == Comparison::below;
  const double margin = upwards ? *at.view.judged - threshold : threshold - *at.view.judged;
  add_gate(evaluation.verdict, GateKind::clear, index, *at.view.judged, threshold, margin,
           at.view.clear);
}

}  // namespace homeostat
