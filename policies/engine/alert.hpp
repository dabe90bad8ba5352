// SPDX-License-Identifier: Apache-2.0
// Alerts: the kind that acts on nothing, and what any policy's `alert:` tells.
#pragma once

#include <optional>

#include "policies/engine/evaluation.hpp"

namespace homeostat {

/// Kind alert: fires when the condition is true (state open), resolves when every arm that tripped
/// has been clear for its clear_for and none is true. No guards: telling people is always allowed.
Step step_alert(Evaluation& evaluation);

/// After an evaluation's step: is there something to tell people? While the policy is not closed,
/// while its condition is true though a gate holds it back, and while the last run of a job went
/// wrong. While an arm that tripped is
/// absent, nothing changes. Moves the runtime's alert_since.
void follow_alert(Evaluation& evaluation);

/// The alert that is active now, if any.
std::optional<ActiveAlert> active_alert(const Policy& policy, const PolicyRuntime& runtime);

}  // namespace homeostat
