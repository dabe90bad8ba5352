// SPDX-License-Identifier: Apache-2.0
// Which zones `homeostat status` need not show one by one: of hundreds, those at which nothing is
// amiss. Pure.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>

namespace homeostat::text {

/// Up to so many zones, all of them are shown.
inline constexpr std::size_t kFewZones = 8;

struct ZoneCount {
  std::size_t all = 0;
  std::size_t hidden = 0;
};

/// Takes out of the JSON of /v1/status what is about zones at rest: of them everything is measured,
/// their node answers, no policy is open or on its way there, and no lever stands away from where
/// it stands in calm times. Throws nlohmann::json::exception when it is something else.
ZoneCount hide_zones_at_rest(nlohmann::json& report);

}  // namespace homeostat::text
