// SPDX-License-Identifier: Apache-2.0
// Whether an instant lies in a recurring time interval. Pure: the zone's offsets are in the
// interval, wall time is an argument.
#pragma once

#include <vector>

#include "policies/model/time_interval.hpp"

namespace homeostat {

/// As Alertmanager reads it. Ranges of days are cut to the month at hand: 1:31 is all of February,
/// 30:31 none of it. An hour that a change of the clocks repeats is in it twice, one that it leaves
/// out is in it never.
bool contains(const TimeInterval& interval, WallTime at);

/// In one of them at least. No interval contains nothing.
bool any_contains(const std::vector<TimeInterval>& intervals, WallTime at);

/// `until`, which is in one of them, is in another stretch of time than `from`: some minute from
/// there on is in none. One that began before `from` and has not ended since does not count.
bool was_outside_since(const std::vector<TimeInterval>& intervals, WallTime from, WallTime until);

}  // namespace homeostat
