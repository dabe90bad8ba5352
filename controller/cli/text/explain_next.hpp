// SPDX-License-Identifier: Apache-2.0
// What a breaker does next, and what for that must come: the last sentences of `explain`.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "policies/model/verdict.hpp"

namespace homeostat::text {

/// The act of a rung, when the policy is known: " (feature class/batch: admit 0 %)".
std::string act_of(const nlohmann::json& policy, int rung);

/// One or two sentences with their numbers; empty for what is no breaker, and without its policy.
std::string what_next(const Verdict& verdict, const nlohmann::json& policy);

/// What mode means for what was decided: nothing was touched, or a share only. Empty when
/// enforced, and when nothing was to be done.
std::string what_was_touched(const Verdict& verdict);

}  // namespace homeostat::text
