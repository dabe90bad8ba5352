// SPDX-License-Identifier: Apache-2.0
// What a regulator's evaluation found, for people. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "policies/model/verdict.hpp"

namespace homeostat::text {

/// "stands at 0.05", or that nothing is set.
std::string regulator_state(const Verdict& verdict);

/// One sentence: where the lever was moved, or why it was not.
std::string regulator_reason(const Verdict& verdict, const nlohmann::json& policy);

}  // namespace homeostat::text
