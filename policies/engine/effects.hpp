// SPDX-License-Identifier: Apache-2.0
// Effect contracts (`expect:`): what an act was to move, and whether it did. Recorded only.
#pragma once

#include <optional>
#include <vector>

#include "policies/engine/evaluation.hpp"
#include "policies/engine/state.hpp"
#include "policies/model/policy.hpp"
#include "policies/model/snapshot.hpp"

namespace homeostat {

/// The expected signal as it stands: a ratio over the last fold, without the prior (an idle fold is
/// 0: nobody waited), anything else by its newest reading; of a cluster's members by the one
/// furthest from what is expected. Nothing when absent.
std::optional<double> effect_signal(const PolicySet& set, const Snapshot& snapshot,
                                    const EngineState& state, const Expectation& expect,
                                    const Subject& subject, TimePoint now);

/// Whether `after` is what was promised; nothing when a share of zero was to move.
std::optional<bool> promise_met(const Effect& effect);

/// Registers the promise of a forward act at `rung`. A newer act of the same rung replaces the
/// promise that is still open; acts of different rungs are judged side by side.
void promise_effect(const Policy& policy, PolicyRuntime& runtime, int rung,
                    std::optional<double> before, TimePoint now);

/// The promises that came due, judged, and taken off the list.
std::vector<Effect> due_effects(const PolicySet& set, const Snapshot& snapshot,
                                const EngineState& state, const Policy& policy,
                                PolicyRuntime& runtime, TimePoint now);

}  // namespace homeostat
