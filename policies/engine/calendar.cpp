// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/calendar.hpp"

#include <algorithm>
#include <chrono>

namespace homeostat {
namespace {

struct LocalTime {
  int minute = 0;  ///< of the day
  int weekday = 0;
  int day = 1;
  int days = 31;  ///< of this month
  int month = 1;
  int year = 1970;
};

Duration offset_at(const std::vector<OffsetChange>& offsets, WallTime at) {
  const auto later =
      std::upper_bound(offsets.begin(), offsets.end(), at,
                       [](WallTime time, const auto& change) { return time < change.from; });
  return later == offsets.begin() ? Duration{} : std::prev(later)->offset;
}

LocalTime local_time(const TimeInterval& interval, WallTime at) {
  namespace chrono = std::chrono;
  const auto local = at + offset_at(interval.offsets, at);
  const auto day = chrono::floor<chrono::days>(local);
  const chrono::year_month_day date{day};
  const chrono::year_month_day_last last{date.year() / date.month() / chrono::last};
  LocalTime out;
  out.minute = static_cast<int>(chrono::floor<chrono::minutes>(local - day).count());
  out.weekday = static_cast<int>(chrono::weekday{day}.c_encoding());
  out.day = static_cast<int>(static_cast<unsigned>(date.day()));
  out.days = static_cast<int>(static_cast<unsigned>(last.day()));
  out.month = static_cast<int>(static_cast<unsigned>(date.month()));
  out.year = static_cast<int>(date.year());
  return out;
}

bool within(const std::vector<IntegerRange>& ranges, int value) {
  return ranges.empty() || std::any_of(ranges.begin(), ranges.end(), [value](const auto& range) {
           return range.begin <= value && value <= range.end;
         });
}

bool time_within(const std::vector<IntegerRange>& times, int minute) {
  return times.empty() || std::any_of(times.begin(), times.end(), [minute](const auto& range) {
           return range.begin <= minute && minute < range.end;
         });
}

bool day_within(const std::vector<IntegerRange>& ranges, const LocalTime& local) {
  const auto day_of = [&](int day) { return day < 0 ? local.days + day + 1 : day; };
  return ranges.empty() || std::any_of(ranges.begin(), ranges.end(), [&](const auto& range) {
           return day_of(range.begin) <= local.day && local.day <= day_of(range.end);
         });
}

}  // namespace

bool contains(const TimeInterval& interval, WallTime at) {
  const auto local = local_time(interval, at);
  return time_within(interval.times, local.minute) && within(interval.weekdays, local.weekday) &&
         day_within(interval.days_of_month, local) && within(interval.months, local.month) &&
         within(interval.years, local.year);
}

bool any_contains(const std::vector<TimeInterval>& intervals, WallTime at) {
  return std::any_of(intervals.begin(), intervals.end(),
                     [at](const TimeInterval& interval) { return contains(interval, at); });
}

bool was_outside_since(const std::vector<TimeInterval>& intervals, WallTime from, WallTime until) {
  // Backwards, from a time inside: as long as the window, not as the time since `from`.
  constexpr std::chrono::minutes kStep{1};
  for (auto at = until; at >= from; at -= kStep) {
    if (!any_contains(intervals, at)) return true;
  }
  return !any_contains(intervals, from);
}

}  // namespace homeostat
