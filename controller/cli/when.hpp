// SPDX-License-Identifier: Apache-2.0
// Times as people write them on the command line.
#pragma once

#include <string>
#include <string_view>

#include "policies/model/error.hpp"
#include "policies/model/time.hpp"

namespace homeostat {

/// RFC 3339 (`2026-03-01T12:00:00Z`), or how long before `now`: `5m`, `1h30m`, also with " ago".
/// Error `invalid_input` otherwise.
Result<WallTime> parse_when(std::string_view text, WallTime now);

/// RFC 3339 to the microsecond, in UTC.
std::string exact_rfc3339(WallTime time);

}  // namespace homeostat
