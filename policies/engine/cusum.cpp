// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/cusum.hpp"

#include <algorithm>
#include <numeric>

#include "policies/engine/folds.hpp"

namespace homeostat {
namespace {

void extend_window(ArmMemory& memory, std::int64_t number, double r,
                   const EngineSettings& settings) {
  auto& window = memory.window;
  window.emplace_back(number, r);
  const auto first = number - settings.backstop / settings.fold + 1;
  std::erase_if(window, [&](const auto& entry) { return entry.first < first; });
}

}  // namespace

double folded_ratio(const CusumTest& test, const Fold& fold) {
  const double weight = test.prior_weight * fold.readings;
  const double total = fold.denominator + weight;
  // Without a prior an idle fold has nothing to divide by, and nobody waits in it.
  return total > 0 ? (fold.numerator + weight * test.prior_ratio) / total : 0;
}

double trip_level(const CusumTest& test, BreakerState state) {
  return state == BreakerState::half_open ? kHalfOpenTripShare * test.trip : test.trip;
}

void step_cusum(ArmMemory& memory, const CusumTest& test, std::optional<double> clear_level,
                const Fold& fold, const EngineSettings& settings, BreakerState state) {
  const bool idle = fold.denominator <= 0;
  const bool testing = state == BreakerState::half_open;
  const double cap = testing ? std::max(test.step_cap, kHalfOpenStepCap) : test.step_cap;
  const double r = folded_ratio(test, fold);
  const double step = std::min(idle ? 0.0 : cap, r - test.ref);
  memory.cusum = std::clamp(memory.cusum + step, 0.0, 2 * test.trip);

  const bool clear = idle || r < clear_level.value_or(test.ref);
  const bool turned = clear && !memory.clear;
  const int folds = !memory.folded ? 0 : turned ? 2 : 1;
  memory.clear_time = clear ? memory.clear_time + settings.fold * folds : Duration{};
  memory.clear = clear;
  memory.folded = r;
  memory.stepped_fold = fold.number;
  extend_window(memory, fold.number, r, settings);
}

std::optional<double> backstop_mean(const ArmMemory& memory, const EngineSettings& settings) {
  const auto& window = memory.window;
  const auto covered = static_cast<double>(window.size()) * to_seconds(settings.fold);
  if (window.empty() || covered < kBackstopCoverage * to_seconds(settings.backstop)) {
    return std::nullopt;
  }
  const double sum =
      std::accumulate(window.begin(), window.end(), 0.0,
                      [](double total, const auto& entry) { return total + entry.second; });
  return sum / static_cast<double>(window.size());
}

bool cusum_tripped(const ArmMemory& memory, const CusumTest& test, const EngineSettings& settings,
                   BreakerState state) {
  if (memory.clear) return false;
  if (memory.cusum >= trip_level(test, state)) return true;
  const auto mean = backstop_mean(memory, settings);
  return mean && *mean > test.ref;
}

bool last_fold_absent(const ArmMemory& memory, const EngineSettings& settings, TimePoint now) {
  return memory.folded && memory.stepped_fold != fold_number(now, settings.fold) - 1;
}

void consume_evidence(ArmMemory& memory) {
  memory.cusum = 0;
  memory.window.clear();
}

}  // namespace homeostat
