// SPDX-License-Identifier: Apache-2.0
// `homeostat status`: everything at a glance. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "policies/model/error.hpp"

namespace homeostat::text {

enum class Zones {
  not_at_rest,  ///< of many zones, only where something is amiss, and how many the others are
  all,
};

/// Of the JSON of /v1/status. Error `protocol` when it is something else.
Result<std::string> status(const nlohmann::json& report, Zones shown = Zones::not_at_rest);

}  // namespace homeostat::text
