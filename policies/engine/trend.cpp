// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/trend.hpp"

#include <algorithm>
#include <cmath>

#include "policies/engine/folds.hpp"
#include "policies/engine/reading.hpp"
#include "policies/engine/timers.hpp"

namespace homeostat {
namespace {

using History = std::vector<std::pair<std::int64_t, double>>;

std::int64_t folds_in(const TrendTest& test, const EngineSettings& settings) {
  return std::max<std::int64_t>(1, test.over / settings.fold);
}

std::int64_t folds_needed(const TrendTest& test, const EngineSettings& settings) {
  const auto folds = static_cast<double>(folds_in(test, settings));
  return static_cast<std::int64_t>(std::ceil(kTrendCoverage * folds));
}

/// Adds the folds that are not idle; whoever has nothing left in the window is forgotten.
void extend(ArmMemory& memory, const std::vector<std::pair<Subject, Fold>>& folds,
            std::int64_t window) {
  const auto newest = folds.front().second.number;
  for (const auto& [member, fold] : folds) {
    if (fold.denominator <= 0) continue;
    memory.history[member].emplace_back(fold.number, fold.numerator / fold.denominator);
  }
  for (auto& [member, history] : memory.history) {
    std::erase_if(history, [&](const auto& entry) { return entry.first < newest - window; });
  }
  std::erase_if(memory.history, [](const auto& entry) { return entry.second.empty(); });
}

double rise_of(const History& history, bool counter) {
  if (!counter) return history.back().second - history.front().second;
  double rise = 0;
  for (std::size_t at = 1; at < history.size(); ++at) {
    rise += std::max(0.0, history[at].second - history[at - 1].second);
  }
  return rise;
}

void take(std::optional<double>& total, double part, Aggregate aggregate) {
  if (!total) {
    total = part;
  } else if (aggregate == Aggregate::sum) {
    *total += part;
  } else {
    total = aggregate == Aggregate::min ? std::min(*total, part) : std::max(*total, part);
  }
}

bool is_clear(const ArmMemory& memory, const TrendTest& test, const TrendRules& rules) {
  if (!memory.folded) return true;  // idle
  if (!rules.clear_level) return memory.rise && !risen(test, memory.rise);
  const auto compared = rules.counter ? memory.rise : memory.folded;
  return compared && *compared < *rules.clear_level;
}

void follow_streak(ArmMemory& memory, const TrendTest& test, Duration fold) {
  if (!memory.clear && !memory.rise) return;
  if (memory.clear || !risen(test, memory.rise)) {
    memory.breached_evaluations = 0;
    memory.breached_time = Duration{};
    return;
  }
  if (memory.breached_evaluations > 0) memory.breached_time += fold;
  ++memory.breached_evaluations;
}

}  // namespace

TrendRules trend_rules(const PolicySet& set, const Arm& arm) {
  const bool counter = shape_of(set, arm.signal) == SignalShape::counter;
  const auto usual = counter ? Aggregate::sum : Aggregate::max;
  const bool written = arm.aggregate != Aggregate::automatic;
  return {counter, written ? arm.aggregate : usual, arm.clear_level};
}

bool risen(const TrendTest& test, std::optional<double> rise) {
  return rise && *rise >= test.rises;
}

void step_trend(ArmMemory& memory, const TrendTest& test, const TrendRules& rules,
                const std::vector<std::pair<Subject, Fold>>& folds,
                const EngineSettings& settings) {
  const auto newest = folds.front().second.number;
  extend(memory, folds, folds_in(test, settings));
  memory.rise.reset();
  memory.folded.reset();
  for (const auto& [member, history] : memory.history) {
    if (history.back().first != newest) continue;
    take(memory.folded, history.back().second, rules.aggregate);
    const bool covered = newest - history.front().first >= folds_needed(test, settings);
    if (covered) take(memory.rise, rise_of(history, rules.counter), rules.aggregate);
  }
  const bool clear = is_clear(memory, test, rules);
  const bool stayed = clear && memory.clear;
  memory.clear_time = stayed ? memory.clear_time + settings.fold : Duration{};
  memory.clear = clear;
  memory.stepped_fold = newest;
  follow_streak(memory, test, settings.fold);
}

bool last_step_missing(const ArmMemory& memory, const EngineSettings& settings, TimePoint now) {
  return memory.stepped_fold >= 0 && memory.stepped_fold != fold_number(now, settings.fold) - 1;
}

Duration window_covered(const ArmMemory& memory, const EngineSettings& settings) {
  std::int64_t most = 0;
  for (const auto& [member, history] : memory.history) {
    most = std::max(most, history.back().first - history.front().first);
  }
  return most * settings.fold;
}

Duration window_needed(const TrendTest& test, const EngineSettings& settings) {
  return folds_needed(test, settings) * settings.fold;
}

bool trend_tripped(const ArmMemory& memory, const TrendTest& test, const EngineSettings& settings) {
  if (memory.breached_evaluations == 0) return false;
  return on_grid(memory.breached_time, settings.sample_every) >= test.hold_for;
}

}  // namespace homeostat
