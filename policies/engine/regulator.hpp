// SPDX-License-Identifier: Apache-2.0
// The regulator: one value of one lever, from a formula or by AIMD, within bounds.
#pragma once

#include "policies/engine/evaluation.hpp"
#include "policies/engine/guards.hpp"
#include "policies/model/lever.hpp"
#include "policies/model/snapshot.hpp"

namespace homeostat {

/// One evaluation's step. For AIMD the condition must have been looked at. Changes where the lever
/// is to stand; adds what was computed, and the gates that it asked, to the verdict.
///
/// - Unknown (an input is absent, or there is no number for them): the lever is held where it
///   stands, and renewed as long as the policy lives. Where nothing stands, nothing is set.
/// - What is computed is clamped to the bounds, and the clamped value is all that is remembered: it
///   cannot wind up beyond them.
/// - A formula's value within the dead-band of the one that stands moves nothing. A move further
///   than max_step goes that far and no further.
/// - AIMD cuts while its condition is true, at most each `every`; grows while it is clear, each
///   `every` since the last cut or growth; in between it holds.
/// - Movement towards the baseline needs nobody's leave; any other does: a bar or a policy of
///   blocked_while holds the lever.
/// - Where nothing stands yet, it starts from the baseline's end of the bounds: that is where the
///   lever stands as far as anybody knows, and the end that restricts least.
Step step_regulator(Evaluation& evaluation, const Snapshot& snapshot, const Guards& guards);

/// Where the lever should stand. REQUIRES: the runtime has a value.
DesiredLever regulated_lever(const Policy& policy, const PolicyRuntime& runtime);

}  // namespace homeostat
