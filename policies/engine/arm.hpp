// SPDX-License-Identifier: Apache-2.0
// One arm of a condition: a signal, a test, and what they say now.
#pragma once

#include "policies/engine/evaluation.hpp"
#include "policies/engine/state.hpp"
#include "policies/model/policy.hpp"
#include "policies/model/snapshot.hpp"

namespace homeostat {

/// At every step: a cusum or a trend steps on the fold that has ended since, if any; an EWMA takes
/// a new reading, if any; an absence is followed. A sample of another server than before discards
/// what was gathered (H4): S, windows, EWMA, streaks and clear time; but an absence goes on.
void observe_arm(const PolicySet& set, const Snapshot& snapshot, const EngineState& state,
                 const Arm& arm, const PolicyMemory& policy, ArmMemory& memory, TimePoint now);

/// What the arm says, from what it remembers and the newest reading; changes nothing. An arm on
/// folds (cusum, trend) is absent when its newest reading is, or when nothing was read in the fold
/// that ended last. An arm past its max_open says no.
ArmView view_arm(const PolicySet& set, const Snapshot& snapshot, const Arm& arm,
                 const PolicyMemory& policy, const ArmMemory& memory, TimePoint now);

/// The arm's part of an evaluation: moves its streaks and max_open on, adds its view, evidence and
/// gates.
void look_at_arm(Evaluation& evaluation, const Snapshot& snapshot, int index);

/// What is judged is beyond the threshold (or ref) now, however short.
bool beyond_threshold(const Arm& arm, const ArmView& view);

}  // namespace homeostat
