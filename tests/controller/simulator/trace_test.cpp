// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/trace.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "controller/simulator/scenario_trace.hpp"
#include "tests/controller/simulator/scenarios.hpp"

using namespace homeostat;
using namespace homeostat::testing;
using namespace std::chrono_literals;

namespace {

ScenarioTrace traced(const Scenario& scenario, const PolicySet& policies) {
  const auto report = report_on(scenario, policies);
  REQUIRE(report.has_value());
  auto trace = trace_of(scenario, policies, *report);
  REQUIRE(trace.has_value());
  return std::move(*trace);
}

const Envelope& ratio_of(const Trace& trace) {
  return trace.signals.at("pg_blocked_ratio").begin()->second;
}

double highest(const Envelope& values, Duration from, Duration until) {
  double found = -1e9;
  for (std::size_t number = 0; number < values.slots().size(); ++number) {
    const auto at = values.slot() * static_cast<Duration::rep>(number);
    if (at < from || at >= until || !values.slots()[number].seen) continue;
    found = std::max(found, values.slots()[number].high);
  }
  return found;
}

double lowest_move(const Envelope& values) {
  double found = 0;
  for (const auto& slot : values.slots()) {
    if (slot.seen) found = std::min(found, slot.low);
  }
  return found;
}

}  // namespace

TEST_CASE("trace: of a run it holds the signal, the incident, the states and the actions") {
  const auto whole = traced(contention(), one_breaker()).whole;
  CHECK(whole.length == 1h);
  CHECK(highest(ratio_of(whole), 0s, 20min) < 0.35);
  CHECK(highest(ratio_of(whole), 20min, 30min) > 0.4);
  REQUIRE(whole.incidents.size() == 1);
  CHECK(whole.incidents.front().begin == TimePoint{20min});

  const auto& track = whole.tracks.at({"circuit-breaker", Subject{}, ""});
  CHECK(highest(track.state, 0s, 20min) == 0);
  CHECK(highest(track.state, 21min, 30min) == 2);
  CHECK(highest(track.rung, 21min, 30min) == track.rungs);
  CHECK(highest(track.state, 45min, 1h) == 0);
  CHECK(highest(track.moves, 20min, 22min) == 1);
  CHECK(lowest_move(track.moves) == -1);
  CHECK(highest(track.sums.at(0), 20min, 21min) >= 1);  // tripped
  REQUIRE_FALSE(whole.actions.empty());
  CHECK(whole.actions.front().step == Step::opened);
  CHECK(whole.actions.back().step == Step::closed);

  REQUIRE(whole.controlled);
  CHECK(whole.controlled->limit == 0.20);
  CHECK(highest(*whole.truth, 20min, 21min) > 0.4);
  CHECK(whole.inside.contains("open_transactions"));
  CHECK(whole.critical->slots().size() == whole.truth->slots().size());
}

TEST_CASE("trace: a closer look is taken at an incident of a long run, with what stood before") {
  auto scenario = contention();
  CHECK_FALSE(traced(scenario, one_breaker()).closer);  // an hour is short
  scenario.duration = 4h;
  const auto trace = traced(scenario, one_breaker());
  REQUIRE(trace.closer);
  CHECK(trace.closer->from == 17min);
  CHECK(trace.closer->length == 19min);
  CHECK(ratio_of(*trace.closer).slot() < ratio_of(trace.whole).slot());
  CHECK(trace.closer->tracks.at({"circuit-breaker", Subject{}, ""}).state.slots().front().seen);
  REQUIRE_FALSE(trace.closer->actions.empty());
  CHECK(trace.closer->actions.size() <= trace.whole.actions.size());
}

TEST_CASE("trace: the incident that nobody detected is the one to look at") {
  auto scenario = contention();
  scenario.duration = 6h;
  auto mild = scenario.incidents.front();
  mild.at = 3h;
  mild.level = 0.05;
  scenario.incidents.push_back(mild);
  const auto trace = traced(scenario, one_breaker());
  REQUIRE(trace.closer);
  CHECK(trace.closer->from == 3h - 3min);
}

TEST_CASE("trace: the run that misses what is expected is the one that is drawn") {
  auto scenario = contention();
  scenario.runs = 2;
  CHECK(traced(scenario, one_breaker()).run == 0);
  const auto report = report_on(scenario, one_breaker());
  REQUIRE(report.has_value());
  const auto first = *report->policies.at("circuit-breaker").detections.at(0);
  const auto second = *report->policies.at("circuit-breaker").detections.at(1);
  INFO(first << " and " << second);
  auto& bound = scenario.expect["circuit-breaker"].detect_p95;
  bound = from_seconds(second - 0.5);
  CHECK(traced(scenario, one_breaker()).run == (first > second - 0.5 ? 0 : 1));
}

TEST_CASE("trace: a sample that is missing breaks the line, and is no value") {
  auto scenario = contention();
  scenario.sensor.missing = 1;
  const auto whole = traced(scenario, one_breaker()).whole;
  CHECK(ratio_of(whole).empty());
  CHECK(ratio_of(whole).slots().at(100).gap);
  CHECK(whole.actions.empty());
}

TEST_CASE("expectations: what holds is told with its numbers as well") {
  auto scenario = contention();
  scenario.expect["circuit-breaker"].detect_p95 = 60s;
  scenario.expect["circuit-breaker"].protected_share = 1.0;
  const auto report = report_on(scenario, one_breaker());
  REQUIRE(report.has_value());
  REQUIRE(report->met.size() == 1);
  CHECK_THAT(report->met.front(), Catch::Matchers::Contains("circuit-breaker.detect_p95: ") &&
                                      Catch::Matchers::Contains("expected at most 60s"));
  CHECK(report->missed.size() == 1);
}
