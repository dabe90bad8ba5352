// SPDX-License-Identifier: Apache-2.0
#include "controller/loop/rfc3339.hpp"

#include <catch2/catch.hpp>

namespace homeostat {
namespace {

using namespace std::chrono_literals;

WallTime day(int year, unsigned month, unsigned number) {
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{month},
                                         std::chrono::day{number}};
  return WallTime{std::chrono::sys_days{date}.time_since_epoch()};
}

}  // namespace

TEST_CASE("wall time is written in UTC with milliseconds") {
  REQUIRE(rfc3339(WallTime{}) == "1970-01-01T00:00:00.000Z");
  REQUIRE(rfc3339(day(2024, 2, 29) + 23h + 59min + 59s + 999999us) == "2024-02-29T23:59:59.999Z");
  REQUIRE(rfc3339(WallTime{} - 1ms) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("what is written is read back") {
  const auto time = day(2026, 11, 23) + 7h + 5min + 3s + 42ms;
  REQUIRE(parse_rfc3339(rfc3339(time)) == time);
}

TEST_CASE("offsets and fractions of a second are understood") {
  const auto noon = day(2026, 3, 1) + 12h;
  REQUIRE(parse_rfc3339("2026-03-01T12:00:00Z") == noon);
  REQUIRE(parse_rfc3339("2026-03-01t12:00:00Z") == noon);
  REQUIRE(parse_rfc3339("2026-03-01T14:30:00+02:30") == noon);
  REQUIRE(parse_rfc3339("2026-02-28T23:00:00-13:00") == noon);
  REQUIRE(parse_rfc3339("2026-03-01T12:00:00.5Z") == noon + 500ms);
  REQUIRE(parse_rfc3339("2026-03-01T12:00:00.123456789Z") == noon + 123456us);
  REQUIRE(parse_rfc3339("2026-03-01T11:59:60Z") == noon);
}

TEST_CASE("what is not RFC 3339, or no time at all, is refused") {
  const auto text = GENERATE(
      as<std::string>{}, "", "now", "2026-03-01", "2026-03-01T12:00:00", "2026-03-01 12:00:00Z",
      "2026-03-01T12:00Z", "2026-13-01T12:00:00Z", "2026-02-29T12:00:00Z", "2026-03-01T24:00:00Z",
      "2026-03-01T12:60:00Z", "2026-03-01T12:00:61Z", "2026-03-01T12:00:00.Z",
      "2026-03-01T12:00:00.1234567890Z", "2026-03-01T12:00:00+2:00", "2026-03-01T12:00:00Zx",
      "2026-3-1T12:00:00Z", "+026-03-01T12:00:00Z", "2026-03-01T12:00:00+24:00");
  CAPTURE(text);
  REQUIRE_FALSE(parse_rfc3339(text).has_value());
}

}  // namespace homeostat
