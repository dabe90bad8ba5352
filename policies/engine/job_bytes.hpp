// SPDX-License-Identifier: Apache-2.0
// What jobs move, over all policies. Only what is really reported counts, and it counts whoever
// leads, whatever becomes of the policy: a changed text gives nothing back. Internal to the engine.
#pragma once

#include "policies/engine/state.hpp"
#include "policies/model/policy.hpp"
#include "policies/model/snapshot.hpp"

namespace homeostat {

/// What is said of the part under way, or that was stopped last; nullptr while nothing is, or only
/// of somebody else's job, before it or after. Shadow has nobody to hear from. REQUIRES: a policy
/// of kind job.
const JobProgress* progress_of(const EngineSettings& settings, const Policy& policy,
                               const PolicyRuntime& runtime, const Snapshot& snapshot);

/// Takes down what is reported of the part that runs, or was stopped last.
void follow_bytes(EngineState& state, const EngineSettings& settings, const Policy& policy,
                  const PolicyRuntime& runtime, const Snapshot& snapshot, TimePoint now);

/// Bytes moved within the last bytes_window. A part counts whole until it is that long ago that it
/// moved the last of them.
double bytes_moved(const EngineState& state, const EngineSettings& settings, TimePoint now);

/// Drops what has left the window, and of which nothing more can be heard.
void forget_old_bytes(EngineState& state, const EngineSettings& settings, TimePoint now);

}  // namespace homeostat
