// SPDX-License-Identifier: Apache-2.0
// From subjects to what holds them: when enough zones of a node are open, the node is acted on.
// Level-triggered: nothing is remembered, the zones' states say it at each step.
#pragma once

#include "policies/engine/state.hpp"
#include "policies/model/policy.hpp"

namespace homeostat {

/// Of the policy's subjects that the same node holds, the share that is not closed; `subject`
/// itself counts as open when it is `opening`. 0 without `escalate`.
double open_share(const Policy& policy, const EngineState& state, const Subject& subject,
                  bool opening);

/// What acts without a target of their own are aimed at: the node that holds the subject when at
/// least `escalate.at` of it is open, else the subject. One node is not given back before fewer
/// are.
Subject acted_on(const Policy& policy, const EngineState& state, const Subject& subject);

}  // namespace homeostat
