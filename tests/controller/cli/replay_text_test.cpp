// SPDX-License-Identifier: Apache-2.0
// What `homeostat replay` prints, and the limits of --fail-on.
#include "controller/cli/text/replay_text.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "controller/cli/fail_on.hpp"
#include "tests/controller/loop/supervisor_bench.hpp"

namespace homeostat {
namespace {

using Catch::Matchers::Contains;
using testing::Bench;
using testing::two_rung_breaker;

/// A recorded storm of one opening, told to a breaker that opens later, or never.
Backtest storm_told_to(double ref) {
  Bench bench;
  bench.run_for(std::chrono::seconds{30});
  bench.storm();
  bench.run_for(std::chrono::minutes{2});
  bench.calm();
  bench.run_for(std::chrono::minutes{8});
  BacktestOptions options;
  options.policies = two_rung_breaker();
  if (ref != 0.2) options.policies.policies.front().hash = "fedcba9876543210";
  std::get<CusumTest>(options.policies.policies.front().open.arms.front().test).ref = ref;
  Backtest backtest(std::move(options));
  for (const auto& step : bench.journal.steps) backtest.add({1, step});
  return backtest;
}

/// A recorded storm that gets worse after the first act, by which it did harm.
Backtest harm_done() {
  auto policies = two_rung_breaker();
  auto& breaker = policies.policies.front();
  breaker.climb_after = std::chrono::minutes{2};
  breaker.expect =
      Expectation{"pg_blocked_ratio", ExpectedMove::falls_by, 0.2, std::chrono::seconds{30}};
  Bench bench;
  bench.start(policies, {&bench.lever});
  bench.probe.blocked = 15;
  bench.probe.open = 30;
  for (int i = 0; i < 120 && !bench.shed("class/rebuildable"); ++i) {
    bench.run_for(std::chrono::seconds{1});
  }
  bench.probe.blocked = 29;
  bench.run_for(std::chrono::seconds{40});
  REQUIRE_FALSE(bench.shed("class/rebuildable"));
  BacktestOptions options;
  options.policies = policies;
  Backtest backtest(std::move(options));
  for (const auto& step : bench.journal.steps) backtest.add({1, step});
  return backtest;
}

bool holds(const char* limit, const Backtest& backtest) {
  const auto parsed = parse_fail_on(limit);
  REQUIRE(parsed.has_value());
  return !failed(*parsed, backtest).has_value();
}

}  // namespace

TEST_CASE("replay text: with the recorded policies every line stands on both sides") {
  const auto text = text::replay(storm_told_to(0.2), "recorded", 50);
  CHECK_THAT(text, Contains("Every verdict is the same, byte for byte."));
  CHECK_THAT(text, Contains("opened") && !Contains("later than") && !Contains("\n+") &&
                       !Contains("\n-") && !Contains("\n~"));
}

TEST_CASE("replay text: what only one side did, or did at another time, is marked") {
  CHECK_THAT(text::replay(storm_told_to(0.95), "recorded", 50),
             Contains("\n-") && Contains("only recorded") && Contains("verdicts differ") &&
                 Contains("  ?  "));
  CHECK_THAT(text::replay(storm_told_to(0.66), "recorded", 50),
             Contains("\n~") && Contains("later than recorded"));
}

TEST_CASE("replay text: what the engine gave back by itself, for harm, is among the actions") {
  const auto backtest = harm_done();
  const auto text = text::replay(backtest, "recorded", 50);
  CHECK_THAT(text, Contains("restored  rung 1 given back: it did harm"));
  CHECK_THAT(text, Contains("Every verdict is the same, byte for byte."));
  const auto told = nlohmann::json::parse(text::replay_json(backtest, "recorded"));
  const auto& given_back = told.at("actions").at(1);
  CHECK(given_back.at("replayed").at("harmful") == true);
  CHECK(given_back.at("replayed") == given_back.at("recorded"));
  CHECK(told.at("actions").at(0).at("replayed").at("harmful") == false);
}

TEST_CASE("replay text: a list that is cut says so") {
  CHECK_THAT(text::replay(storm_told_to(0.2), "recorded", 1), Contains("more (--limit)"));
}

TEST_CASE("replay text: JSON has both sides of every action") {
  const auto told = nlohmann::json::parse(text::replay_json(storm_told_to(0.95), "recorded"));
  REQUIRE_FALSE(told.at("actions").empty());
  for (const auto& action : told.at("actions")) {
    CHECK(action.contains("recorded"));
    CHECK_FALSE(action.contains("replayed"));
  }
  CHECK(told.at("differing_verdicts") > 0);
}

TEST_CASE("fail-on: a figure must exceed its limit, or reach it when the limit says so") {
  const auto backtest = storm_told_to(0.2);
  CHECK_FALSE(holds("openings>0", backtest));
  CHECK(holds("openings>1", backtest));
  CHECK_FALSE(holds("openings>=1", backtest));
  CHECK(holds("openings>=2", backtest));
  CHECK(holds("flaps>0", backtest));
  CHECK_FALSE(holds("climbs>0", backtest));
  CHECK_FALSE(holds("breach_minutes>1.5", backtest));
  CHECK(holds("breach_minutes>3", backtest));
  CHECK_FALSE(holds("degraded_minutes>1", backtest));
  CHECK(holds("changed_actions>0", backtest));
  CHECK_FALSE(holds("changed_actions>0", storm_told_to(0.95)));
}

TEST_CASE("fail-on: what is no limit is refused, with the nearest figure") {
  CHECK_THAT(parse_fail_on("flap>0").error().context, Contains("flaps"));
  CHECK_THAT(parse_fail_on("flaps").error().context, Contains("FIGURE>NUMBER"));
  for (const auto* wrong : {"flaps>", "flaps>=", "flaps>x", "flaps>1 ", "flaps>1e3"}) {
    CHECK_THAT(parse_fail_on(wrong).error().context, Contains("is no number"));
  }
}

}  // namespace homeostat
