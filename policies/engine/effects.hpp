// SPDX-License-Identifier: Apache-2.0
// Effect contracts (`expect:`): what an act was to move, whether it did, and what follows.
#pragma once

#include <vector>

#include "policies/engine/evaluation.hpp"
#include "policies/engine/state.hpp"
#include "policies/model/policy.hpp"
#include "policies/model/snapshot.hpp"

namespace homeostat {

/// Of the folds of a window, at most this share may lack a reading.
inline constexpr double kMostMissing = 0.25;
/// A ratio's denominator may rise to this multiple of what it was before the act, and fall to this
/// share of it. Falling is allowed more: who no longer waits is soon done, and that is what success
/// looks like.
inline constexpr double kMostTraffic = 2;
inline constexpr double kLeastTraffic = 0.25;

/// Registers the promise of a forward act that took `rung`; no-op without `expect:`, and for what
/// only shadow did: what nobody did has no effect. `before` is the worse of the last fold and the
/// newest reading (of a gauge: the reading), so that no act is blamed for what was under way.
///
/// A newer act of the same rung replaces the promise that is still open. Any other open promise
/// about the same signal and subject, of whatever policy, is judged together with this one: both
/// are `shared`, and by what stood before the first of them.
void promise_effect(const PolicySet& set, const Snapshot& snapshot, EngineState& state,
                    const Policy& policy, PolicyRuntime& runtime, int rung, TimePoint now);

/// Of a job: the run is finished, and from here on what it promised has its time. Until then the
/// promise that was made at its start only knows what stood before.
void begin_promise(const Policy& policy, PolicyRuntime& runtime, TimePoint now);

/// At every step: looks at what is promised, once a fold; judges the promises that came due, and
/// those whose rung was given back meanwhile; takes them off the list, adds them to `judged`, and
/// draws the consequences (bench.hpp). `after` is pooled over the last quarter of the window: one
/// fold is noise.
void judge_effects(const PolicySet& set, const Snapshot& snapshot, EngineState& state,
                   const Policy& policy, PolicyRuntime& runtime, TimePoint now,
                   std::vector<Effect>& judged);

/// Effective, ineffective or harmful by before, after and the promise alone; inconclusive, with its
/// doubt, when they do not say. Harmful: a share promised to fall (rise) by some part has risen
/// (fallen) by that part; a level that was to be reached is at least twice as far away as before.
void judge_move(Effect& effect);

}  // namespace homeostat
