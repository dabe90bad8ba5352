// SPDX-License-Identifier: Apache-2.0
// Alertmanager's time_intervals, as policies will take them.
#include "policies/loader/time_intervals.hpp"

#include <catch2/catch.hpp>
#include <chrono>

#include "policies/engine/calendar.hpp"
#include "policies/loader/reader.hpp"
#include "policies/loader/time_zone.hpp"
#include "policies/loader/yaml_tree.hpp"
#include "tests/policies/loader/loading.hpp"

using namespace homeostat;
using namespace homeostat::test;
using namespace std::chrono_literals;
using Texts = std::vector<std::string>;
using Ranges = std::vector<IntegerRange>;

namespace {

struct Read {
  std::vector<TimeInterval> intervals;
  Texts errors;
};

/// One document with one key.
Read read(const std::string& intervals) {
  const TempFolder folder;
  const auto yaml = loader::read_yaml(folder.write("1.yaml", "windows: " + intervals + "\n"));
  Read out;
  std::vector<Finding> errors = yaml.errors;
  if (!yaml.documents.empty()) {
    const loader::Shape shape{.name = "a document",
                              .keys = {loader::time_intervals_key("windows", "When.")}};
    const auto document = loader::read_document(yaml.documents.front(), {shape}, errors);
    if (const auto* const list = loader::find(document, "windows")) {
      out.intervals = loader::build_time_intervals(*list, errors);
    }
  }
  out.errors = texts_of(errors);
  return out;
}

}  // namespace

TEST_CASE("a window of the policy language is read as it is written") {
  const auto got = read(
      "[{weekdays: [sunday], times: [{start_time: \"03:00\", end_time: \"07:00\"}], location: "
      "UTC}]");
  CHECK(got.errors.empty());
  REQUIRE(got.intervals.size() == 1);
  CHECK(got.intervals[0].weekdays == Ranges{{0, 0}});
  CHECK(got.intervals[0].times == Ranges{{180, 420}});
  CHECK(got.intervals[0].location == "UTC");
  const WallTime sunday{std::chrono::seconds{1'795'921'200}};  // 2026-11-29 03:00 UTC
  CHECK(contains(got.intervals[0], sunday));
  CHECK_FALSE(contains(got.intervals[0], sunday - 1s));
}

TEST_CASE("every notation of Alertmanager is read") {
  const auto got = read(
      "[{weekdays: [\"monday:friday\", saturday], days_of_month: [\"1:5\", \"-3:-1\", \"7\"], "
      "months: [\"january:march\", \"5\", \"10:12\", july], years: [\"2026:2028\", \"2030\"], "
      "times: [{start_time: \"00:00\", end_time: \"24:00\"}], location: Europe/Berlin}]");
  CHECK(got.errors.empty());
  REQUIRE(got.intervals.size() == 1);
  const auto& interval = got.intervals[0];
  CHECK(interval.weekdays == Ranges{{1, 5}, {6, 6}});
  CHECK(interval.days_of_month == Ranges{{1, 5}, {-3, -1}, {7, 7}});
  CHECK(interval.months == Ranges{{1, 3}, {5, 5}, {10, 12}, {7, 7}});
  CHECK(interval.years == Ranges{{2026, 2028}, {2030, 2030}});
  CHECK(interval.times == Ranges{{0, 1440}});
  CHECK(interval.location == "Europe/Berlin");
}

TEST_CASE("a location's summer and winter are known long ahead") {
  const auto offsets = loader::offsets_of("Europe/Berlin");
  REQUIRE(offsets.has_value());
  TimeInterval interval;
  interval.offsets = *offsets;
  interval.times = {{60, 120}};
  const WallTime winter{std::chrono::sys_days{std::chrono::year{2026} / 1 / 15}};
  const WallTime summer{std::chrono::sys_days{std::chrono::year{2026} / 7 / 15}};
  CHECK(contains(interval, winter));
  CHECK_FALSE(contains(interval, summer));
  CHECK(contains(interval, summer - 1h));
  CHECK(loader::offsets_of("UTC")->size() == 1);
  CHECK_FALSE(loader::offsets_of("Europe/Atlantis").has_value());
}

TEST_CASE("what no time interval is, is refused with its place") {
  const auto errors = [](const std::string& text) { return read(text).errors; };
  CHECK(errors("[{weekdays: [sonntag]}]") ==
        Texts{"1.yaml:1:23: `weekdays` is `sonntag`; expected a weekday such as sunday, or a range "
              "such as monday:friday"});
  CHECK(errors("[{weekdays: [\"friday:monday\"]}]") ==
        Texts{"1.yaml:1:23: `friday:monday` ends before it begins; expected the lower end first"});
  CHECK(errors("[{times: [{start_time: \"22:00\", end_time: \"06:00\"}]}]") ==
        Texts{"1.yaml:1:52: `end_time` is 06:00; expected later than `start_time` (22:00): over "
              "midnight it takes two intervals"});
  CHECK(errors("[{months: [\"3:1\"]}]").size() == 1);
  CHECK(errors("[{years: [\"2027:2026\"]}]").size() == 1);
  for (const auto* const days :
       {"\"5:1\"", "\"-1:-3\"", "\"-3:5\"", "\"30:-5\"", "\"0\"", "\"32\""}) {
    INFO(days);
    CHECK(errors("[{days_of_month: [" + std::string(days) + "]}]").size() == 1);
  }
  for (const auto* const time : {"\"24:01\"", "\"7:00\"", "\"25:00\"", "\"03:60\""}) {
    INFO(time);
    CHECK(errors("[{times: [{start_time: \"01:00\", end_time: " + std::string(time) + "}]}]")
              .size() == 1);
  }
  CHECK(errors("[{times: [{start_time: \"24:00\", end_time: \"24:00\"}]}]").size() == 1);
  CHECK(errors("[{location: UTC}]").size() == 1);
  CHECK(errors("[]").size() == 1);
}

TEST_CASE("a time zone that does not exist is named with the one that was meant") {
  CHECK(read("[{weekdays: [sunday], location: Europe/Berln}]").errors ==
        Texts{"1.yaml:1:42: there is no time zone `Europe/Berln`; did you mean `Europe/Berlin`?"});
  CHECK(read("[{weekdays: [sunday], location: Local}]").errors.size() == 1);
}
