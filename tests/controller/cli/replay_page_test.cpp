// SPDX-License-Identifier: Apache-2.0
// `homeostat replay --html`, of a recorded storm.
#include "controller/cli/page/replay_page.hpp"

#include <catch2/catch.hpp>

#include "tests/controller/cli/well_formed.hpp"
#include "tests/controller/loop/supervisor_bench.hpp"

using namespace homeostat;
using namespace homeostat::testing;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

/// A recorded storm, told to a breaker that never opens.
struct ReplayedStorm {
  Backtest backtest;
  ReplayTrace trace;
  PolicySet policies;
};

ReplayedStorm replayed_storm() {
  Bench bench;
  bench.run_for(30s);
  bench.storm();
  bench.run_for(2min);
  bench.calm();
  bench.run_for(8min);
  BacktestOptions options;
  options.policies = two_rung_breaker();
  options.policies.policies.front().hash = "fedcba9876543210";
  std::get<CusumTest>(options.policies.policies.front().open.arms.front().test).ref = 0.95;
  const auto tell = [&](Backtest& backtest) -> Result<void> {
    for (const auto& step : bench.journal.steps) backtest.add({1, step});
    return {};
  };
  Backtest backtest(options);
  REQUIRE(tell(backtest).has_value());
  const auto policies = options.policies;
  auto trace = trace_of(backtest, options, "recorded", tell);
  REQUIRE(trace.has_value());
  return {std::move(backtest), std::move(*trace), policies};
}

}  // namespace

TEST_CASE("page: of a replay it shows both sides and what differs") {
  const auto storm = replayed_storm();
  page::ReplayPage what;
  what.recording = "journal<1>.db";
  what.other = "recorded";
  what.exceeded = {"flaps is 3"};
  const auto text = page::replay_page(what, storm.backtest, storm.policies, storm.trace);
  check_self_contained(text);
  const auto page = parsed(text);
  CHECK_THAT(text, Contains("journal&lt;1&gt;.db") && Contains("FAILED: flaps is 3"));
  CHECK_THAT(text, Contains("verdicts differ") && Contains("only recorded"));
  CHECK_THAT(text, Contains("circuit-breaker cluster, recorded"));
  CHECK_THAT(text, Contains("circuit-breaker 0.95"));
  // Only the recorded side has opened.
  CHECK(of_class(page, "path", "open").size() == 1);
  CHECK_FALSE(storm.trace.whole.signals.empty());
}
