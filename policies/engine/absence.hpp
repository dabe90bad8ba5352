// SPDX-License-Identifier: Apache-2.0
// The test `absent_for`: nothing could be read for so long, whatever the reason. The only one that
// sees absence; every other freezes.
#pragma once

#include "policies/engine/reading.hpp"
#include "policies/engine/state.hpp"
#include "policies/model/policy.hpp"

namespace homeostat {

/// One step's look: an absence begins with the first step at which the signal cannot be read, and
/// ends with the first at which it can. An empty reading is one. After a restart of the supervisor
/// it begins anew.
void follow_absence(ArmMemory& memory, const SignalReading& reading, TimePoint now);

/// How long nothing could be read; 0 while something can.
Duration absent_time(const ArmMemory& memory, const EngineSettings& settings, TimePoint now);

/// Absent for at least as long as the test asks.
bool absence_tripped(const ArmMemory& memory, const AbsenceTest& test,
                     const EngineSettings& settings, TimePoint now);

}  // namespace homeostat
