// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/backtest.hpp"

#include <catch2/catch.hpp>

#include "tests/controller/loop/supervisor_bench.hpp"

namespace homeostat {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::Bench;
using testing::two_rung_breaker;

/// A storm of two minutes and what came after, as journaled.
std::vector<JournalStep> a_storm() {
  Bench bench;
  bench.run_for(std::chrono::seconds{30});
  bench.storm();
  bench.run_for(minutes{2});
  bench.calm();
  bench.run_for(minutes{8});
  return bench.journal.steps;
}

Backtest told(BacktestOptions options, const std::vector<JournalStep>& steps) {
  Backtest backtest(std::move(options));
  for (const auto& step : steps) backtest.add({1, step});
  return backtest;
}

BacktestOptions with(PolicySet policies) {
  BacktestOptions options;
  options.policies = std::move(policies);
  return options;
}

PolicySet deaf() {
  auto policies = two_rung_breaker();
  policies.policies.front().hash = "fedcba9876543210";
  std::get<CusumTest>(policies.policies.front().open.arms.front().test).ref = 0.95;
  return policies;
}

}  // namespace

TEST_CASE("backtest: with the recorded policies nothing differs") {
  const auto steps = a_storm();
  const auto backtest = told(with(two_rung_breaker()), steps);
  CHECK(backtest.differing_verdicts() == 0);
  CHECK(backtest.replayed().actions() == backtest.other().actions());
  CHECK(backtest.replayed().figures() == backtest.other().figures());
  CHECK(backtest.facts().steps == static_cast<std::int64_t>(steps.size()));
  CHECK(backtest.facts().starts == 1);
  CHECK(backtest.facts().unknown_beginnings == 0);
  CHECK(backtest.facts().acts >= 2);
  CHECK(backtest.facts().other_policies.empty());
  const auto& figures = backtest.replayed().figures().begin()->second;
  CHECK(figures.openings == 1);
  CHECK(figures.degraded > minutes{1});
}

TEST_CASE("backtest: a policy that would have done nothing lacks every recorded action") {
  const auto steps = a_storm();
  const auto backtest = told(with(deaf()), steps);
  CHECK(backtest.replayed().actions().empty());
  REQUIRE_FALSE(backtest.other().actions().empty());
  for (const auto& pair : backtest.actions()) CHECK_FALSE(pair.one.has_value());
  CHECK(backtest.differing_verdicts() > 0);
  CHECK(backtest.facts().other_policies.count("circuit-breaker") == 1);
  CHECK(backtest.replayed().figures().begin()->second.in_breach == Duration{});
  CHECK_FALSE(backtest.other().figures().begin()->second.in_breach.has_value());
}

TEST_CASE("backtest: two sets are compared with each other, whatever was recorded") {
  auto options = with(two_rung_breaker());
  options.against = deaf();
  const auto backtest = told(std::move(options), a_storm());
  CHECK_FALSE(backtest.replayed().actions().empty());
  CHECK(backtest.other().actions().empty());
}

TEST_CASE("backtest: what is not counted is decided about all the same") {
  const auto steps = a_storm();
  auto options = with(two_rung_breaker());
  options.from = steps.at(200).wall;
  const auto backtest = told(std::move(options), steps);
  CHECK(backtest.differing_verdicts() == 0);
  CHECK(backtest.facts().first == steps.at(200).wall);
  CHECK(backtest.facts().steps == static_cast<std::int64_t>(steps.size()) - 200);
}

TEST_CASE("backtest: a gap and a beginning that is not there are said") {
  auto steps = a_storm();
  steps.erase(steps.begin() + 100, steps.begin() + 160);
  steps.erase(steps.begin());
  const auto facts = told(with(two_rung_breaker()), steps).facts();
  CHECK(facts.unknown_beginnings == 1);
  CHECK(facts.gaps == 1);
  CHECK(facts.longest_gap == std::chrono::seconds{61});
}

}  // namespace homeostat
