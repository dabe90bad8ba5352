// SPDX-License-Identifier: Apache-2.0
// `homeostat explain`: what one evaluation measured, each gate with its margin, and why it did or
// did not act. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "policies/model/time.hpp"
#include "policies/model/verdict.hpp"

namespace homeostat::text {

/// One block of lines. `policy` is the policy's JSON (codec of the model) and makes the text
/// richer; null when it is not known. `last_act`: how the last one was judged, if one was.
std::string explain(const Verdict& verdict, WallTime wall, const nlohmann::json& policy,
                    const std::optional<Effect>& last_act = std::nullopt);
std::string explain(const Verdict& verdict, WallTime wall);

/// Why it did what it did, in one sentence: also the line of `history`.
std::string reason(const Verdict& verdict, const nlohmann::json& policy);

}  // namespace homeostat::text
