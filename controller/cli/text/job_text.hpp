// SPDX-License-Identifier: Apache-2.0
// What a job's evaluation found, for people. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "policies/model/verdict.hpp"

namespace homeostat::text {

/// "idle", "ordered, NOT STARTED for …", "running, 3 min so far …", "stopped, to go on later …".
std::string job_state(const Verdict& verdict);

/// One sentence: what the job did, or why it did nothing. Not for Step::unknown.
std::string job_reason(const Verdict& verdict, const nlohmann::json& policy);

}  // namespace homeostat::text
