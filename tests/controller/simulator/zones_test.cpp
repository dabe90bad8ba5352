// SPDX-License-Identifier: Apache-2.0
// The plant zones: who does not answer takes workers from the others until it is turned away.
#include "controller/simulator/zones.hpp"

#include <catch2/catch.hpp>

#include "tests/controller/simulator/scenarios.hpp"

using namespace homeostat;
using namespace homeostat::testing;
using namespace std::chrono_literals;

namespace {

/// It begins in second 3: zone 3 is hit, which is on node 1 with zone 2.
Incident failure(const std::string& kind, double level = 1) {
  return {TimePoint{} + 3s, TimePoint{} + 1h, level, kind, false};
}

LeversInForce isolated(const std::string& target, double admit = 0) {
  LeverValue value;
  value.arguments["admit"] = admit;
  return {{{"zone", target}, value}};
}

Zones after(const std::vector<Incident>& active, const LeversInForce& levers = {}) {
  Zones plant({}, Random(1, 1));
  REQUIRE(plant.advance(1s, active, levers).has_value());
  return plant;
}

double up(const Zones& plant, const std::string& zone) {
  for (const auto& sample : plant.samples()) {
    if (to_text(sample.subject) == "zone/" + zone) return sample.numerator;
  }
  FAIL("no zone " << zone);
  return 0;
}

}  // namespace

TEST_CASE("zones: at rest every request is served by a fifth of the workers") {
  const auto plant = after({});
  CHECK(plant.truth().critical == 1);
  CHECK(plant.truth().non_critical == 1);
  CHECK(plant.truth().controlled == Approx(0.2));
  CHECK(plant.samples().size() == 8);
  CHECK(up(plant, "3") == 1);
}

TEST_CASE("zones: one that does not answer takes the workers of all") {
  // 7/8 of 20 workers, and 250 requests a second that hold one for two seconds.
  const double needed = 17.5 + 500;
  const auto plant = after({failure("zone")});
  CHECK(plant.truth().controlled == Approx(needed / 100));
  CHECK(plant.truth().critical == Approx(100 / needed));
  CHECK(plant.truth().non_critical == Approx(100 / needed * 7 / 8));
  CHECK(up(plant, "3") == 0);
  CHECK(up(plant, "2") == 1);
}

TEST_CASE("zones: turned away it holds nobody, and the others are served") {
  const auto plant = after({failure("zone")}, isolated("zone/3"));
  CHECK(plant.truth().controlled == Approx(0.175));
  CHECK(plant.truth().critical == 1);
  CHECK(plant.truth().non_critical == Approx(7.0 / 8));
  CHECK(up(plant, "3") == 0);  // whether it answers is still asked
}

TEST_CASE("zones: a sound one that is turned away is service lost") {
  CHECK(after({}, isolated("zone/5")).truth().critical == Approx(7.0 / 8));
  CHECK(after({failure("zone")}, isolated("node/1")).truth().critical == Approx(6.0 / 7));
}

TEST_CASE("zones: of one that comes back a share of the requests is let in") {
  const auto plant = after({}, isolated("zone/5", 0.25));
  CHECK(plant.truth().critical == Approx(7.25 / 8));
  CHECK(plant.truth().controlled == Approx(0.2 * 7.25 / 8));
  // Of the one that still does not answer too: a twentieth of its 500 workers.
  CHECK(after({failure("zone")}, isolated("zone/3", 0.05)).truth().controlled ==
        Approx(0.175 + 0.25));
}

TEST_CASE("zones: a node takes all of its zones with it, and is turned away whole") {
  const auto plant = after({failure("node")});
  CHECK(up(plant, "2") == 0);
  CHECK(up(plant, "3") == 0);
  CHECK(up(plant, "4") == 1);
  CHECK(after({failure("node")}, isolated("node/1")).truth().critical == 1);
  CHECK(after({failure("node")}, isolated("zone/3")).truth().critical < 0.25);
}

TEST_CASE("zones: the level is the share of requests and of probes that fail") {
  Zones plant({}, Random(1, 1));
  double answered = 0;
  for (int second = 0; second < 1000; ++second) {
    REQUIRE(plant.advance(1s, {failure("zone", 0.25)}, {}).has_value());
    answered += up(plant, "3");
  }
  CHECK(answered / 1000 == Approx(0.75).margin(0.03));
  CHECK(plant.truth().controlled == Approx((20 - 0.25 * 2.5 + 0.25 * 500) / 100));
}

TEST_CASE("zones: a scenario names them, and has at least one a node") {
  const std::string begin = "version: 1\nscenario: trial\nduration: 1h\nplant: {zones: ";
  const auto load = load_text(begin + "{nodes: 2, zones: 6, timeout: 5s, workers: 40}}\n");
  REQUIRE(load.scenario.has_value());
  ZonesParameters expected;
  expected.nodes = 2;
  expected.zones = 6;
  expected.timeout = 5s;
  expected.workers = 40;
  CHECK(std::get<ZonesParameters>(load.scenario->plant) == expected);
  CHECK(first_error_in(begin + "{nodes: 4, zones: 3}}\n") ==
        "trial.yaml:4:34: `zones` is less than `nodes`");
}
