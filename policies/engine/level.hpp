// SPDX-License-Identifier: Apache-2.0
// Level tests: the newest reading against a threshold, held for a time or a number of evaluations.
#pragma once

#include <optional>

#include "policies/engine/reading.hpp"
#include "policies/engine/state.hpp"
#include "policies/model/policy.hpp"

namespace homeostat {

/// Strictly beyond the threshold, as `above` and `below` say: `above: 0` is not breached by 0.
bool breached(const LevelTest& test, double value);

/// Strictly beyond the clear level on its good side; without one: not breached.
bool level_clear(const Arm& arm, const LevelTest& test, double value);

/// The EWMA takes each new reading, evaluated or not: s += (1 - exp(-dt/tau)) (x - s). An empty
/// reading starts it anew: an idle system has no past worth averaging. No-op without `smooth`.
void smooth_level(ArmMemory& memory, const Arm& arm, const SignalReading& reading);

/// The value to compare: the reading's own, or its EWMA. Nothing when empty or absent.
std::optional<double> judged_level(const ArmMemory& memory, const Arm& arm,
                                   const SignalReading& reading);

/// One evaluation's look. Empty is clear and not breached. Absent freezes the streaks: they neither
/// grow nor break, and the time of the absence counts for nothing. An evaluation counts towards
/// `for_samples` only with a reading that was not counted before: one reading seen twice is not two
/// samples. Clear time is counted from the last look that was not clear.
void look_at_level(ArmMemory& memory, const Arm& arm, const LevelTest& test,
                   const SignalReading& reading, TimePoint now);

/// Breached for as long as the test asks.
bool level_tripped(const ArmMemory& memory, const LevelTest& test, const EngineSettings& settings);

}  // namespace homeostat
