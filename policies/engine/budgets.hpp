// SPDX-License-Identifier: Apache-2.0
// Budgets: how many forward acts (rungs climbed, jobs started) a policy and the whole cluster may
// still make. Movement towards the baseline and renewals never count, and what one policy does to
// several subjects in one step counts once. What acts really do to applications and network has
// budgets of its own: sessions ended, bytes moved.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "policies/engine/state.hpp"
#include "policies/model/policy.hpp"
#include "policies/model/snapshot.hpp"

namespace homeostat {

/// Forward acts left to the policy in the budget window, for an act at `now`: one that it has
/// already made at this very step does not count against another. Policies in shadow have such a
/// budget too, of virtual acts, so that shadow shows what enforcing would do; once it is enforced,
/// only what was really done counts.
int policy_budget_left(const PolicySet& set, const EngineState& state, const Policy& policy,
                       TimePoint now);

/// Forward acts left to all enforced policies together, for an act of `policy` at `now`.
int cluster_budget_left(const PolicySet& set, const EngineState& state, const std::string& policy,
                        TimePoint now);

/// Counts a forward act of the policy at `now`, once a step; `real`: not only in its mind.
void count_forward_act(EngineState& state, const Policy& policy, bool real, TimePoint now);

/// The storm brake: on from the step after too many real forward acts within its window, off when
/// somebody has acknowledged it since. What was done before an acknowledgement counts no more.
void follow_brake(EngineState& state, const Snapshot& snapshot, const EngineSettings& settings,
                  TimePoint now);

/// Drops what has left the windows of budgets and storm brake.
void forget_old_acts(EngineState& state, const EngineSettings& settings, TimePoint now);

/// For status: `sessions` that may still be ended, and where they are limited the `bytes` that jobs
/// may still move.
std::map<std::string, std::int64_t> amounts_remaining(const PolicySet& set,
                                                      const EngineState& state,
                                                      const Snapshot& snapshot, TimePoint now);

/// For status: by policy name (breakers and jobs, not off), and `cluster`; what is left after this
/// step.
std::map<std::string, int> budget_remaining(const PolicySet& set, const EngineState& state,
                                            TimePoint now);

}  // namespace homeostat
