// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "tests/controller/simulator/scenarios.hpp"

using namespace homeostat;
using namespace homeostat::testing;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Texts = std::vector<std::string>;

TEST_CASE("scenario: what is not written has its default, what is written is read") {
  const auto load =
      load_text(scenario_text("seed: 7\n"
                              "runs: 3\n"
                              "sensor: {delay: 2s, noise: 5%, missing: 10%}\n"
                              "actuator: {lag: 3s}\n"
                              "incidents:\n"
                              "  - {at: 10m, for: 5m, level: 41%}\n"
                              "  - {per_day: 2, shortest: 5s, longest: 20s, "
                              "level: 0.6, kind: relation, harmless: true}\n"
                              "expect:\n"
                              "  policies: {breaker: {detect_p95: 45s}}\n"
                              "  service: {full_service: 3m}\n"));
  INFO((load.errors.empty() ? std::string{} : to_text(load.errors.front())));
  REQUIRE(load.scenario);
  const auto& scenario = *load.scenario;
  CHECK(scenario.seed == 7);
  CHECK(scenario.runs == 3);
  CHECK(scenario.duration == 1h);
  CHECK(scenario.sensor == SensorSettings{2s, 0.05, 0.1});
  CHECK(scenario.lag == 3s);
  LockContentionParameters plant;
  plant.least_open = 30;
  plant.most_open = 40;
  CHECK(scenario.plant == PlantParameters{plant});  // the table's defaults are the model's
  REQUIRE(scenario.incidents.size() == 2);
  CHECK(scenario.incidents[0] == IncidentRule{10min, 0, 5min, 5min, 0.41, "", false});
  CHECK(scenario.incidents[1] == IncidentRule{{}, 2, 5s, 20s, 0.6, "relation", true});
  CHECK(scenario.expect.at("breaker").detect_p95 == Duration{45s});
  CHECK(scenario.service.full_service == Duration{3min});
}

TEST_CASE("scenario: the time of day of its beginning is read, and must exist") {
  const WallTime sunday{std::chrono::sys_days{std::chrono::year{2026} / 1 / 4}};
  CHECK(load_text(scenario_text()).scenario->begins == sunday);
  const auto load = load_text(scenario_text("begins: 2026-03-01T22:30:00Z\n"));
  REQUIRE(load.scenario);
  CHECK(load.scenario->begins == sunday + 24h * 56 + 22h + 30min);
  CHECK(first_error_in(scenario_text("begins: 2026-02-30T00:00:00Z\n")) ==
        "trial.yaml:5:9: `begins` names a time that does not exist: 2026-02-30T00:00:00Z");
  CHECK_THAT(first_error_in(scenario_text("begins: sunday\n")),
             Contains("trial.yaml:5:9: ") && Contains("a time in UTC such as"));
}

TEST_CASE("scenario: the defaults of a lock storm are the model's") {
  const auto load =
      load_text("version: 1\nscenario: trial\nduration: 1h\nplant: {lock_storm: {retries: 3}}\n");
  REQUIRE(load.scenario);
  CHECK(load.scenario->plant == PlantParameters{LockStormParameters{}});
}

TEST_CASE("scenario: the defaults of shards are the model's") {
  const auto load =
      load_text("version: 1\nscenario: trial\nduration: 1h\nplant: {shards: {nodes: 8}}\n");
  REQUIRE(load.scenario);
  CHECK(load.scenario->plant == PlantParameters{ShardsParameters{}});
  CHECK_THAT(first_error_in("version: 1\nscenario: trial\nduration: 1h\n"
                            "plant: {shards: {nodes: 8, shards: 4}}\n"),
             Contains("`shards` is less than `nodes`"));
}

TEST_CASE("scenario: the phases of a batch consumer are read, its defaults are the model's") {
  const auto load = load_text(
      "version: 1\nscenario: trial\nduration: 1h\n"
      "plant: {batch_consumer: {phases: [{for: 5m, events_per_second: 100}]}}\n"
      "incidents: [{at: 5m, for: 4s, level: 10, kind: cost}]\n"
      "expect: {service: {calm_within: 97%}, policies: {job: {balanced: 3d}}}\n");
  INFO((load.errors.empty() ? std::string{} : to_text(load.errors.front())));
  REQUIRE(load.scenario);
  BatchConsumerParameters plant;
  plant.phases = {{5min, 100}};
  CHECK(load.scenario->plant == PlantParameters{plant});
  CHECK(load.scenario->service.calm_within == 0.97);
  CHECK(load.scenario->expect.at("job").balanced == Duration{72h});
}

TEST_CASE("scenario: a misspelt key is named with its place and the nearest valid one") {
  CHECK(errors_in(scenario_text("incidets: []\n")) ==
        Texts{"trial.yaml:5:1: unknown key `incidets` in a scenario; did you mean `incidents`?"});
  CHECK(
      first_error_in("version: 1\nscenario: trial\nduration: 1h\nplant: {lock_contentoin: {}}\n") ==
      "trial.yaml:4:9: unknown key `lock_contentoin` in `plant`; did you mean "
      "`lock_contention`?");
}

TEST_CASE("scenario: every mistake is told at once") {
  const auto errors = errors_in(
      "version: 1\nscenario: Trial\nduration: 0s\nplant: {lock_contention: {}}\n"
      "sensor: {missing: 2}\nincidents: [{level: 41%}]\n");
  REQUIRE(errors.size() == 4);
  CHECK(errors.back() == "trial.yaml:6:13: expected one of `at`, `per_day` in an incident");
}

TEST_CASE("scenario: values that contradict each other are refused") {
  CHECK_THAT(first_error_in(scenario_text("incidents: [{at: 55m, for: 10m, level: 41%}]\n")),
             Contains("trial.yaml:5:18: ") && Contains("ends after the run, which takes 1h"));
  CHECK_THAT(
      first_error_in(scenario_text("incidents: [{at: 5m, for: 1m, level: 41%, kind: rows}]\n")),
      Contains("knows no incident of kind `rows`; did you mean `row`?"));
  CHECK_THAT(first_error_in(scenario_text("incidents: [{at: 5m, for: 1m, level: 2}]\n")),
             Contains("`level` is 2; this plant knows at most 0.99"));
  CHECK_THAT(first_error_in("version: 1\nscenario: trial\nduration: 1h\nplant: {shards: {}}\n"
                            "incidents: [{at: 5m, for: 1m, level: 2, kind: locks}]\n"),
             Contains("`level` is 2; this plant knows at most 0.99"));
  CHECK_THAT(first_error_in(scenario_text(
                 "incidents: [{per_day: 1, shortest: 2m, longest: 1m, level: 0.4}]\n")),
             Contains("`shortest` is longer than `longest`"));
  CHECK_THAT(first_error_in("version: 1\nscenario: trial\nduration: 1h\n"
                            "plant: {lock_contention: {least_open: 30, most_open: 10}}\n"),
             Contains("`least_open` is more than `most_open`"));
  CHECK_THAT(first_error_in("version: 1\nscenario: trial\nduration: 1h\n"
                            "plant: {lock_storm: {throughput_at_max: 3000}}\n"),
             Contains("no curve goes through"));
  CHECK_THAT(
      first_error_in("version: 1\nscenario: trial\nduration: 1h\n"
                     "plant: {batch_consumer: {phases: [{for: 5m, events_per_second: 200000}]}}\n"),
      Contains("trial.yaml:4:") && Contains("busy for 1.2 of its time"));
}

TEST_CASE("scenario: incidents that matter keep apart, and a seed gives the same ones") {
  IncidentRule rule;
  rule.per_day = 20;
  rule.shortest = 3min;
  rule.longest = 12min;
  rule.level = 0.4;
  Random one(1, 2);
  Random same(1, 2);
  Random other(2, 2);
  const auto incidents = schedule({rule}, 24h * 30, one);
  const auto again = schedule({rule}, 24h * 30, same);
  REQUIRE(incidents.size() > 100);
  REQUIRE(incidents.size() == again.size());
  for (std::size_t at = 1; at < incidents.size(); ++at) {
    CHECK(incidents[at].begin - incidents[at - 1].end >= 20min);
    CHECK(incidents[at].begin == again[at].begin);
  }
  CHECK(schedule({rule}, 24h * 30, other).front().begin != incidents.front().begin);
}
