// SPDX-License-Identifier: Apache-2.0
// Recurring times as in Alertmanager's time_intervals: hours of a day, weekdays, days of the month,
// months and years in a time zone. Plain data, the zone's offsets included, so that the engine
// needs no database of time zones and decides the same on every machine.
#pragma once

#include <string>
#include <vector>

#include "policies/model/time.hpp"

namespace homeostat {

/// Both ends included, but for times of day, whose end is not.
struct IntegerRange {
  int begin = 0;
  int end = 0;
  friend bool operator==(const IntegerRange&, const IntegerRange&) = default;
};

/// From `from` on local time is UTC + `offset`.
struct OffsetChange {
  WallTime from{};
  Duration offset{};
  friend bool operator==(const OffsetChange&, const OffsetChange&) = default;
};

/// An instant belongs to it when each field that is not empty has a range with the instant's.
struct TimeInterval {
  std::vector<IntegerRange> times;          ///< minutes of the local day, 0..1440
  std::vector<IntegerRange> weekdays;       ///< 0 is Sunday
  std::vector<IntegerRange> days_of_month;  ///< 1..31; -1 is the last day, -31..-1
  std::vector<IntegerRange> months;         ///< 1..12
  std::vector<IntegerRange> years;
  std::string location = "UTC";
  std::vector<OffsetChange> offsets;  ///< of the location, in order of time; none: UTC
  friend bool operator==(const TimeInterval&, const TimeInterval&) = default;
};

}  // namespace homeostat
