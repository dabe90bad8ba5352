// SPDX-License-Identifier: Apache-2.0
#include "controller/loop/thresholds.hpp"

#include <catch2/catch.hpp>

using namespace homeostat;

TEST_CASE("thresholds: what one look at the database cannot judge is not told to it") {
  Arm level;
  level.signal = "pg_open_transactions";
  level.test = LevelTest{Comparison::above, 50, std::nullopt, 2};
  Arm trend = level;
  trend.test = TrendTest{100, std::chrono::minutes{5}, std::chrono::minutes{5}};
  Arm absence = level;
  absence.test = AbsenceTest{std::chrono::minutes{5}};
  Arm record = level;
  record.record.emplace_back();
  Policy policy;
  policy.open = {Combination::any, {trend, absence, level, record}};
  PolicySet set;
  set.policies = {policy};
  const auto thresholds = thresholds_of(set);
  REQUIRE(thresholds.size() == 1);
  CHECK(thresholds[0].arm == 3);
  CHECK(thresholds[0].level == 50);
  // The server is none of its zones.
  set.policies[0].subjects = {{SubjectKind::zone, "a.1"}};
  CHECK(thresholds_of(set).empty());
}
