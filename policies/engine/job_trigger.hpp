// SPDX-License-Identifier: Apache-2.0
// `trigger` among the arguments of what a job runs: what tripped when the run was started. Internal
// to the engine.
#pragma once

#include <string>

#include "policies/engine/evaluation.hpp"
#include "policies/model/job.hpp"
#include "policies/model/lever.hpp"

namespace homeostat {

/// What stands for `trigger` in a run that is started by this evaluation (LeverTraits::by_trigger);
/// empty: no argument says that, or nothing has tripped that would tell. REQUIRES: a policy of kind
/// job.
std::string chosen_by_trigger(const Evaluation& evaluation);

/// Puts what was chosen in the place of `trigger`.
void fill_in_trigger(const JobMemory& job, LeverValue& value);

}  // namespace homeostat
