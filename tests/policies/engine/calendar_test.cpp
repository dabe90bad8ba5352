// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/calendar.hpp"

#include <catch2/catch.hpp>
#include <chrono>

using namespace homeostat;
using namespace std::chrono_literals;

namespace {

/// UTC.
WallTime at(int year, unsigned month, unsigned day, int hour = 12, int minute = 0) {
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{month},
                                         std::chrono::day{day}};
  return WallTime{std::chrono::sys_days{date}} + std::chrono::hours{hour} +
         std::chrono::minutes{minute};
}

/// Sundays from 03:00 to 07:00.
TimeInterval sunday_night() {
  TimeInterval interval;
  interval.weekdays = {{0, 0}};
  interval.times = {{3 * 60, 7 * 60}};
  return interval;
}

TimeInterval each_day(int begin, int end) {
  TimeInterval interval;
  interval.times = {{begin, end}};
  return interval;
}

/// One hour ahead, two in the summer of 2026.
std::vector<OffsetChange> berlin() {
  return {{WallTime::min(), 1h}, {at(2026, 3, 29, 1), 2h}, {at(2026, 10, 25, 1), 1h}};
}

}  // namespace

TEST_CASE("calendar: each field that is given must hold, and an empty one always does") {
  const auto interval = sunday_night();
  CHECK(contains(interval, at(2026, 11, 29, 3)));  // a Sunday
  CHECK_FALSE(contains(interval, at(2026, 11, 28, 3)));
  CHECK_FALSE(contains(interval, at(2026, 11, 29, 8)));
  CHECK(contains(TimeInterval{}, at(2026, 11, 29)));
}

TEST_CASE("calendar: a range of times includes its first minute and not its end") {
  const auto interval = sunday_night();
  CHECK_FALSE(contains(interval, at(2026, 11, 29, 3) - 1us));
  CHECK(contains(interval, at(2026, 11, 29, 3)));
  CHECK(contains(interval, at(2026, 11, 29, 7) - 1us));
  CHECK_FALSE(contains(interval, at(2026, 11, 29, 7)));
}

TEST_CASE("calendar: of several ranges one is enough") {
  TimeInterval interval;
  interval.months = {{1, 3}, {12, 12}};
  interval.years = {{2026, 2027}};
  CHECK(contains(interval, at(2026, 12, 31)));
  CHECK(contains(interval, at(2027, 3, 1)));
  CHECK_FALSE(contains(interval, at(2026, 4, 1)));
  CHECK_FALSE(contains(interval, at(2028, 1, 1)));
}

TEST_CASE("calendar: days of the month count from its end, too, and are cut to its length") {
  TimeInterval last_three;
  last_three.days_of_month = {{-3, -1}};
  CHECK(contains(last_three, at(2026, 2, 28)));
  CHECK(contains(last_three, at(2026, 2, 26)));
  CHECK_FALSE(contains(last_three, at(2026, 2, 25)));
  CHECK(contains(last_three, at(2028, 2, 29)));
  TimeInterval whole;
  whole.days_of_month = {{1, 31}};
  CHECK(contains(whole, at(2026, 2, 28)));
  TimeInterval from_the_tenth;
  from_the_tenth.days_of_month = {{10, -1}};
  CHECK(contains(from_the_tenth, at(2026, 2, 28)));
  CHECK_FALSE(contains(from_the_tenth, at(2026, 2, 9)));
  TimeInterval late;
  late.days_of_month = {{30, 31}};
  CHECK_FALSE(contains(late, at(2026, 2, 28)));
  CHECK(contains(late, at(2026, 4, 30)));
}

TEST_CASE("calendar: the day and the hour are those of the location") {
  auto interval = sunday_night();
  interval.offsets = berlin();
  CHECK(contains(interval, at(2026, 11, 29, 2)));
  CHECK_FALSE(contains(interval, at(2026, 11, 29, 6)));
  CHECK(contains(interval, at(2026, 7, 5, 1)));
  CHECK_FALSE(contains(interval, at(2026, 7, 5, 5)));
  interval.times = {{0, 60}};  // Sunday there begins on Saturday in UTC
  CHECK(contains(interval, at(2026, 11, 28, 23, 30)));
}

TEST_CASE("calendar: an hour that the clocks repeat is in it twice, one that they skip never") {
  TimeInterval interval;
  interval.offsets = berlin();
  interval.times = {{2 * 60, 3 * 60}};
  CHECK(contains(interval, at(2026, 10, 25, 0, 30)));
  CHECK(contains(interval, at(2026, 10, 25, 1, 30)));
  CHECK_FALSE(contains(interval, at(2026, 3, 29, 0, 59)));  // 01:59
  CHECK_FALSE(contains(interval, at(2026, 3, 29, 1)));      // 03:00
}

TEST_CASE("calendar: times before 1970 have a weekday, too") {
  CHECK(contains(sunday_night(), at(1969, 12, 28, 4)));
  CHECK_FALSE(contains(sunday_night(), at(1969, 12, 29, 4)));
}

TEST_CASE("calendar: no interval contains nothing") {
  CHECK_FALSE(any_contains({}, at(2026, 1, 1)));
  CHECK(any_contains({sunday_night(), TimeInterval{}}, at(2026, 1, 1)));
}

TEST_CASE("calendar: whether a window has ended since a time") {
  const std::vector nights{each_day(3 * 60, 5 * 60)};
  const auto now = at(2026, 11, 30, 3, 10);
  CHECK_FALSE(was_outside_since(nights, at(2026, 11, 30, 3, 1), now));
  CHECK_FALSE(was_outside_since(nights, at(2026, 11, 30, 3), now));
  CHECK(was_outside_since(nights, at(2026, 11, 30, 3) - 1us, now));
  CHECK(was_outside_since(nights, at(2026, 11, 29, 4), now));
  CHECK(was_outside_since(nights, at(2026, 1, 1), now));
  // Two that meet are one.
  const std::vector late{each_day(22 * 60, 24 * 60), each_day(0, 5 * 60)};
  CHECK_FALSE(was_outside_since(late, at(2026, 11, 29, 23), now));
  CHECK(was_outside_since(late, at(2026, 11, 29, 21), now));
}
