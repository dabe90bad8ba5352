// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/plants.hpp"

#include <catch2/catch.hpp>

#include "controller/simulator/simulation.hpp"
#include "tests/controller/simulator/scenarios.hpp"

using namespace homeostat;
using namespace homeostat::testing;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

const Incident kRows{TimePoint{}, TimePoint{} + 24h, 0.41, "row", false};
const Incident kTable{TimePoint{}, TimePoint{} + 24h, 0.60, "relation", true};

LeversInForce shed_all() {
  LeversInForce levers;
  for (const auto* name : {"class/rebuildable", "class/batch", "class/non_critical"}) {
    levers[{"feature", name}].arguments["admit"] = 0.0;
  }
  return levers;
}

/// The blocked share of all transactions over an hour.
double mean_ratio(const std::vector<Incident>& active, const LeversInForce& levers = {}) {
  LockContention plant({}, Random(1, 1));
  double blocked = 0;
  double open = 0;
  for (int second = 0; second < 3600; ++second) {
    REQUIRE(plant.advance(1s, active, levers).has_value());
    blocked += plant.samples()[0].numerator;
    open += plant.samples()[0].denominator;
  }
  return blocked / open;
}

double quantity(const Plant& plant, const std::string& name) {
  for (const auto& [found, value] : plant.quantities()) {
    if (found == name) return value;
  }
  FAIL("no quantity " << name);
  return 0;
}

RunScore run_of(const Scenario& scenario) {
  const auto run = simulate(scenario, one_breaker(), 0);
  REQUIRE(run.has_value());
  return *run;
}

}  // namespace

TEST_CASE("lock contention: seven per cent wait while nothing is wrong") {
  CHECK(mean_ratio({}) == Approx(0.07).margin(0.01));
}

TEST_CASE("lock contention: an incident comes on top, and shedding leaves 0.35 of new blocking") {
  CHECK(mean_ratio({kRows}) == Approx(0.45).margin(0.03));
  CHECK(mean_ratio({kRows}, shed_all()) == Approx(0.22).margin(0.03));
}

TEST_CASE("lock contention: row waits are told apart from waits for a table") {
  LockContention plant({}, Random(1, 1));
  REQUIRE(plant.advance(1s, {kTable}, {}).has_value());
  CHECK(quantity(plant, "relation_waiters") > 0);
  REQUIRE(plant.advance(1s, {}, {}).has_value());
  CHECK(quantity(plant, "relation_waiters") == 0);
  CHECK(mean_ratio({kTable}, shed_all()) > 0.55);  // nobody's shedding ends DDL
}

TEST_CASE("throughput: the curve goes through its peak and through all connections in use") {
  const Throughput throughput(LockStormParameters{});
  CHECK(throughput.at(100) == Approx(1600));
  CHECK(throughput.at(400) == Approx(788));
  CHECK(throughput.at(99) < 1600);
  CHECK(throughput.at(101) < 1600);
  CHECK(throughput.at(0) == 0);
}

TEST_CASE("lock storm: without a limit it outlives its cause for ever") {
  auto scenario = storm();
  const auto run = run_of(scenario);
  REQUIRE(run.service.critical_back.size() == 1);
  CHECK_FALSE(run.service.critical_back.front().has_value());
}

TEST_CASE("lock storm: a limit on concurrency and a short queue bring critical work back at once") {
  auto scenario = storm();
  auto& plant = std::get<LockStormParameters>(scenario.plant);
  plant.concurrency = 100;
  plant.queue_limit = 500ms;
  plant.cancel_abandoned = true;
  const auto run = run_of(scenario);
  REQUIRE(run.service.critical_back.size() == 1);
  REQUIRE(run.service.critical_back.front().has_value());
  CHECK(*run.service.critical_back.front() <= 5);
}

TEST_CASE("lock storm: the lever admission does what a gateway would") {
  LockStorm plant({}, Random(1, 1));
  LeversInForce levers;
  levers[{"admission", "zone/1"}].arguments = {{"concurrency", 40.0}, {"queue_limit", 0.5}};
  const Incident slow{TimePoint{}, TimePoint{} + 1h, 0.3, "", false};
  for (int second = 0; second < 20; ++second) {
    REQUIRE(plant.advance(1s, {slow}, levers).has_value());
    CHECK(quantity(plant, "in_service") <= 40);
    CHECK(plant.samples()[0].numerator <= 0.52);  // admission_queue_age_seconds
  }
}

TEST_CASE("lock storm: what is shed is not served and does not ask again") {
  LockStorm plant({}, Random(1, 1));
  for (int second = 0; second < 5; ++second) {
    REQUIRE(plant.advance(1s, {}, shed_all()).has_value());
  }
  CHECK(plant.truth().critical == 1);
  CHECK(plant.truth().non_critical == 0);
}

TEST_CASE(
    "invariant 6: retries that exceed what all connections manage are named with the margin") {
  const LockStorm vulnerable({}, Random(1, 1));
  REQUIRE_FALSE(vulnerable.findings().empty());
  CHECK(vulnerable.findings().front().invariant == 6);
  CHECK_THAT(vulnerable.findings().front().text,
             Contains("vulnerable") && Contains("2800") && Contains("788") && Contains("-2012"));
  LockStormParameters safe;
  safe.requests_per_second = 190;
  safe.concurrency = 100;
  safe.queue_limit = 500ms;
  CHECK(LockStorm(safe, Random(1, 1)).findings().empty());
}
