// SPDX-License-Identifier: Apache-2.0
// The breaker: closed, open, half open; a ladder climbed one rung at a time and given back in the
// opposite order.
#pragma once

#include "policies/engine/evaluation.hpp"
#include "policies/engine/guards.hpp"

namespace homeostat {

/// One evaluation's step, from a condition that `look` has filled in. Changes the runtime's memory;
/// adds the gates that it asked.
///
/// - closed, condition true: opens with the first rung. Open, still true, and what tripped beyond
///   its threshold (or ref) at this very moment: one rung more each climb_after, as far as those
///   arms allow. The evidence that opened it goes on counting until it is half open or closed. Half
///   open, true at half the evidence: the rung
///   last given back is taken again and the hold grows. Each only when every guard passes;
///   otherwise blocked: nothing changes, and it happens as soon as they pass.
/// - The hold is over, every arm that tripped has been clear for its clear_for and none is true:
///   the highest rung comes back whole; each next one after restore.each clear; the last one left
///   in steps. A reading between clear and trip restarts that wait.
/// - Rungs that are benched (bench.hpp) are passed over on the way up. With all of them benched it
///   is blocked, and goes on as soon as the first bench is over.
/// - An opening less than hold.max after closing goes on with the grown hold; later ones start
/// anew.
/// - Closed, an unknown condition opens nothing. Open or half open, an arm that tripped and is
///   absent holds everything; an absent arm that never tripped holds nothing.
Step step_breaker(Evaluation& evaluation, const Guards& guards);

/// What the last rung left admits after `step` of restore.steps were given back, from what it
/// admits while engaged.
double admitted_share(const Policy& policy, double engaged, int step);

/// The `admit` of an act's value; nothing when it has none.
std::optional<double> admission_of(const LeverValue& value);

}  // namespace homeostat
