// SPDX-License-Identifier: Apache-2.0
// Canary: whether what a policy did on its share was right, and what follows.
//
// The control group judges. Of keys it shows whether an opening was needed: had the signal come
// back by itself, although nearly everything was left alone, it was not. Of subjects it shows
// whether the act helped: the effect contract looks at how much more the subject moved than those
// left alone. Time alone never promotes: a step is left for the next one after its time *and* with
// enough acts judged. One harmful act, or too many failed ones, go a step back at once; from the
// first step that means to shadow, until somebody acknowledges it or the policy's text changes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policies/engine/evaluation.hpp"
#include "policies/engine/state.hpp"
#include "policies/model/policy.hpp"
#include "policies/model/snapshot.hpp"
#include "policies/model/verdict.hpp"

namespace homeostat {

/// Of an opening's first hold, the share for which what tripped must have lasted: less, and it was
/// needless.
inline constexpr double kNeeded = 0.5;
/// Of it, at most this share may be unknown: more, and nobody can say.
inline constexpr double kMostUnknown = 0.25;

/// At the start of a step: policies that are new to canary begin it, acknowledged ones begin anew,
/// those that are no longer in it are forgotten, and those that have proved themselves go a step
/// on, as soon as nothing of theirs is open.
void advance_canaries(const PolicySet& set, const Snapshot& snapshot, EngineState& state,
                      TimePoint now);

/// In each evaluation of a breaker: starts a trial with an opening that acts on a share of the
/// keys, follows it, and counts what came of it.
void follow_trial(Evaluation& evaluation, EngineState& state);

/// Counts a judged effect.
void count_effect(EngineState& state, const Policy& policy, const Effect& effect, TimePoint now);

/// Of the subjects that a policy in canary leaves alone and that are as bad off: the mean of the
/// signal that its effect contract is about. Nothing when there are none.
std::optional<double> control_group(const PolicySet& set, const Snapshot& snapshot,
                                    const EngineState& state, const Policy& policy, TimePoint now);

}  // namespace homeostat
