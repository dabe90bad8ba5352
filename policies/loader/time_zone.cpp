// SPDX-License-Identifier: Apache-2.0
#include "policies/loader/time_zone.hpp"

#include <date/tz.h>

#include <exception>

namespace homeostat::loader {
namespace {

// Rules do not change so far ahead by law, but they do by decree: tzdata is read at each load.
constexpr date::sys_seconds kFirst = date::sys_days{date::year{2000} / 1 / 1};
constexpr date::sys_seconds kLast = date::sys_days{date::year{2100} / 1 / 1};

}  // namespace

std::optional<std::vector<OffsetChange>> offsets_of(const std::string& location) {
  try {  // the library throws where it knows no such zone
    const auto* const zone = date::locate_zone(location);
    std::vector<OffsetChange> changes;
    for (auto at = kFirst; at < kLast;) {
      const auto info = zone->get_info(at);
      changes.push_back({WallTime{at.time_since_epoch()}, info.offset});
      if (info.end <= at) break;
      at = info.end;
    }
    changes.front().from = WallTime::min();
    return changes;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

std::vector<std::string> known_locations() {
  try {
    std::vector<std::string> names;
    for (const auto& zone : date::get_tzdb().zones) names.push_back(zone.name());
    return names;
  } catch (const std::exception&) {
    return {};
  }
}

}  // namespace homeostat::loader
