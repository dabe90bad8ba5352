// SPDX-License-Identifier: Apache-2.0
// A plan of shard moves, with a picture of the nodes before and after. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "actuators/placement/problem.hpp"

namespace homeostat::text {

/// `measure`: what is to be even, for people: "rows".
std::string shard_plan(const placement::Problem& problem, const placement::Plan& plan,
                       const std::string& measure);

/// The same for programs: nodes, moves in their order, bytes, what no move can mend.
nlohmann::json shard_plan_json(const placement::Problem& problem, const placement::Plan& plan,
                               const std::string& measure);

}  // namespace homeostat::text
