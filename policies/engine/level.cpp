// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/level.hpp"

#include <cmath>

#include "policies/engine/timers.hpp"

namespace homeostat {

bool breached(const LevelTest& test, double value) {
  return test.comparison == Comparison::above ? value > test.threshold : value < test.threshold;
}

bool level_clear(const Arm& arm, const LevelTest& test, double value) {
  if (!arm.clear_level) return !breached(test, value);
  return test.comparison == Comparison::above ? value < *arm.clear_level : value > *arm.clear_level;
}

void smooth_level(ArmMemory& memory, const Arm& arm, const SignalReading& reading) {
  if (!arm.smooth || reading.quality == Quality::absent) return;
  const auto value = value_of(reading);
  if (!value) {
    memory.smoothed.reset();
    memory.smoothed_at.reset();
    return;
  }
  if (memory.smoothed_at && *reading.taken <= *memory.smoothed_at) return;
  if (!memory.smoothed || *arm.smooth <= Duration{}) {
    memory.smoothed = value;
  } else {
    const double steps = to_seconds(*reading.taken - *memory.smoothed_at) / to_seconds(*arm.smooth);
    *memory.smoothed += (1 - std::exp(-steps)) * (*value - *memory.smoothed);
  }
  memory.smoothed_at = reading.taken;
}

std::optional<double> judged_level(const ArmMemory& memory, const Arm& arm,
                                   const SignalReading& reading) {
  const auto value = value_of(reading);
  return value && arm.smooth ? memory.smoothed : value;
}

void look_at_level(ArmMemory& memory, const Arm& arm, const LevelTest& test,
                   const SignalReading& reading, TimePoint now) {
  if (reading.quality == Quality::absent) {
    memory.looked_at.reset();
    return;
  }
  const Duration since = memory.looked_at ? now - *memory.looked_at : Duration{};
  memory.looked_at = now;
  const auto value = judged_level(memory, arm, reading);

  memory.clear = !value || level_clear(arm, test, *value);
  memory.clear_time = memory.clear ? memory.clear_time + since : Duration{};

  if (!value || !breached(test, *value)) {
    memory.breached_evaluations = 0;
    memory.breached_time = Duration{};
    return;
  }
  if (memory.breached_evaluations > 0) memory.breached_time += since;
  if (memory.counted != reading.taken) ++memory.breached_evaluations;
  memory.counted = reading.taken;
}

bool level_tripped(const ArmMemory& memory, const LevelTest& test, const EngineSettings& settings) {
  if (memory.breached_evaluations == 0) return false;
  if (!test.hold_for) return memory.breached_evaluations >= test.for_samples;
  return on_grid(memory.breached_time, settings.sample_every) >= *test.hold_for;
}

}  // namespace homeostat
