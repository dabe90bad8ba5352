// SPDX-License-Identifier: Apache-2.0
// Wall time as text, RFC 3339, in UTC.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "policies/model/time.hpp"

namespace homeostat {

/// `2026-03-01T12:00:00.250Z`: milliseconds, cut off.
std::string rfc3339(WallTime time);

/// Any offset, up to nine digits of a second (cut to microseconds). Nothing when `text` is not RFC
/// 3339, or names a day or an hour that does not exist. A leap second counts as the next one.
std::optional<WallTime> parse_rfc3339(std::string_view text);

}  // namespace homeostat
