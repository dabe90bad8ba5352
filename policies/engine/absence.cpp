// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/absence.hpp"

#include "policies/engine/timers.hpp"

namespace homeostat {

void follow_absence(ArmMemory& memory, const SignalReading& reading, TimePoint now) {
  const Duration since = memory.looked_at ? now - *memory.looked_at : Duration{};
  memory.looked_at = now;
  memory.clear = reading.quality != Quality::absent;
  memory.clear_time = memory.clear ? memory.clear_time + since : Duration{};
  if (memory.clear) {
    memory.absent_since.reset();
  } else if (!memory.absent_since) {
    memory.absent_since = now;
  }
}

Duration absent_time(const ArmMemory& memory, const EngineSettings& settings, TimePoint now) {
  if (!memory.absent_since) return Duration{};
  return on_grid(now - *memory.absent_since, settings.sample_every);
}

bool absence_tripped(const ArmMemory& memory, const AbsenceTest& test,
                     const EngineSettings& settings, TimePoint now) {
  return memory.absent_since && absent_time(memory, settings, now) >= test.absent_for;
}

}  // namespace homeostat
