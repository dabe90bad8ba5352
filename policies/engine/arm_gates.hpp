// SPDX-License-Identifier: Apache-2.0
// What an arm's test wants, as gates of the verdict: each with its value, threshold and margin.
#pragma once

#include "policies/engine/evaluation.hpp"

namespace homeostat {

/// How fresh the arm's evidence is, and what it still lacks to trip. REQUIRES: the arm's view is in
/// the evaluation.
void add_arm_gates(Evaluation& evaluation, int index);

/// What a cusum judges against its ref; a level's `trip` gate says the same already.
void add_climb_gate(Evaluation& evaluation, int index);

/// What is judged against the clear level; nothing to add for an empty or absent reading.
void add_clear_gate(Evaluation& evaluation, int index);

}  // namespace homeostat
