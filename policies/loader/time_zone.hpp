// SPDX-License-Identifier: Apache-2.0
// Time zones of the system (package tzdata), as the plain data that the engine works with.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policies/model/time_interval.hpp"

namespace homeostat::loader {

/// Every change of the zone's offset until the end of 2099, the first long before any policy.
/// Nothing when the system knows no zone of this name (`Europe/Berlin`, `UTC`).
std::optional<std::vector<OffsetChange>> offsets_of(const std::string& location);

/// Of all zones that the system knows; empty when it knows none at all.
std::vector<std::string> known_locations();

}  // namespace homeostat::loader
