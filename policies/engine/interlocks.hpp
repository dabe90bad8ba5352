// SPDX-License-Identifier: Apache-2.0
// What must not happen at the same time, whatever the policies say of each other.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "policies/engine/state.hpp"
#include "policies/model/policy.hpp"
#include "policies/model/snapshot.hpp"

namespace homeostat {

/// A job that moves data really runs: a policy that acts has started it, or it is reported
/// to run, whoever started it. What only shadow has started moves nothing.
bool rebalance_runs(const PolicySet& set, const Snapshot& snapshot, const EngineState& state);

/// The arm judges how evenly data lies, which is what a rebalance itself changes: in a breaker it
/// does not trip while one runs.
bool judges_balance(const Arm& arm);

/// The lever runs jobs that move data between servers.
bool moves_data(const PolicySet& set, const std::string& lever);

/// Breakers that act and are open about locks: by an arm without max_rung that judges something
/// else than balance. No move begins or goes on while there is one.
std::set<std::string> open_lock_breakers(const PolicySet& set, const EngineState& state);

/// A breaker that acts, about whatever, is not closed.
bool some_breaker_acts(const EngineState& state);

/// The lever settles last (a planner profile): it is not set while a rebalance runs.
bool settles_last(const PolicySet& set, const std::string& lever);

/// A server does not answer: a breaker with a lever that shuts one out, and lets nobody in, is not
/// closed, whether it acts or only watches. What reaches every server (those that settle last) is
/// not set then: it could not end.
bool some_server_out(const PolicySet& set, const EngineState& state);

/// Names of levers that are neither given back nor changed now: those that settle last, while a
/// breaker that acts is not closed or a rebalance runs.
std::set<std::string, std::less<>> held_levers(const PolicySet& set, const Snapshot& snapshot,
                                               const EngineState& state);

}  // namespace homeostat
