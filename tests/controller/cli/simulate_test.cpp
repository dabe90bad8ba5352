// SPDX-License-Identifier: Apache-2.0
// `homeostat simulate` as it is called, on the shipped files and on wrong ones.
#include "controller/cli/commands/simulate.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/controller/cli/ran.hpp"
#include "tests/support/scratch_directory.hpp"
#include "tests/support/text_file.hpp"

using namespace homeostat;
using namespace homeostat::testing;
using Catch::Matchers::Contains;

namespace {

const std::string kRoot = HOMEOSTAT_SOURCE_DIR;
const std::string kScenarios = kRoot + "/policies/scenarios";
const std::string kNoHysteresis = kRoot + "/tests/controller/simulator/no-hysteresis.yaml";

Ran run(const std::vector<std::string>& arguments) {
  return run_command(add_simulate_command, arguments);
}

}  // namespace

TEST_CASE("simulate: a policy without hysteresis exits with 1 and the limit cycle is named") {
  const auto ran = run({"simulate", kNoHysteresis});
  CHECK(ran.status == 1);
  CHECK_THAT(ran.out, Contains("FAILED: invariant 1, `no-hysteresis`: limit cycle") &&
                          Contains("a period of 1m30s"));
}

TEST_CASE("simulate: the recommended policies hold there") {
  const auto ran = run({"simulate", kNoHysteresis, "--policies", kRoot + "/policies/recommended"});
  CHECK(ran.status == 0);
  CHECK_THAT(ran.out, !Contains("FAILED") && Contains("All that is expected holds."));
}

TEST_CASE("simulate: the shipped storm holds, and the same call prints the same bytes") {
  const std::vector<std::string> call{"simulate", kScenarios + "/lock-storm.yaml", "--runs", "2"};
  const auto ran = run(call);
  CHECK(ran.status == 0);
  CHECK(ran.err.empty());
  CHECK_THAT(ran.out, Contains("warning: invariant 6: vulnerable"));
  CHECK(run(call).out == ran.out);
  CHECK(run({"simulate", kScenarios + "/lock-storm.yaml", "--runs", "2", "--seed", "9"}).out !=
        ran.out);
}

TEST_CASE("simulate: batches keep up from 100 to 100,000 events a second, a slow spell included") {
  const auto ran = run({"simulate", kScenarios + "/batch-window.yaml", "--runs", "1"});
  CHECK(ran.status == 0);
  CHECK(ran.err.empty());
  CHECK_THAT(ran.out, !Contains("FAILED") && Contains("All that is expected holds."));
}

TEST_CASE("simulate: the source document's batches collapse, and why is named with numbers") {
  const auto ran = run({"simulate", kScenarios + "/batch-window.yaml", "--runs", "1", "--policies",
                        kRoot + "/policies/source"});
  CHECK(ran.status == 1);
  CHECK_THAT(ran.out, Contains("FAILED: invariant 5, `batch-window`: infeasible batch limit: at "
                               "1000 events a second") &&
                          Contains("FAILED: service.calm_within: "));
}

TEST_CASE("simulate: every policy of both sets can be named for every plant") {
  const ScratchDirectory folder;
  for (const std::string plant :
       {"lock_contention: {}", "lock_storm: {}",
        "batch_consumer: {phases: [{for: 1h, events_per_second: 100}]}"}) {
    write_file(folder.path() + "/short.yaml",
               "version: 1\nscenario: short\nduration: 30s\nplant: {" + plant + "}\n");
    for (const std::string set : {"recommended", "source"}) {
      const auto ran = run({"simulate", folder.path(), "--policies", kRoot + "/policies/" + set});
      INFO(plant << ", " << set);
      CHECK(ran.err.empty());
      CHECK(ran.status != 2);
      CHECK_THAT(ran.out, Contains("` is not simulated: the plant `"));
    }
  }
}

TEST_CASE("simulate: what is expected and does not come true exits with 1 and is named") {
  const ScratchDirectory folder;
  write_file(folder.path() + "/hasty.yaml",
             "version: 1\nscenario: hasty\nduration: 1h\nplant: {lock_contention: {}}\n"
             "incidents: [{at: 20m, for: 10m, level: 41%}]\n"
             "expect: {policies: {circuit-breaker: {detect_p95: 5s}}}\n");
  const auto ran = run({"simulate", folder.path(), "--policies", kRoot + "/policies/recommended"});
  CHECK(ran.status == 1);
  CHECK_THAT(ran.out, Contains("FAILED: circuit-breaker.detect_p95: "));
  const auto other = run({"simulate", folder.path(), "--policies",
                          kRoot + "/policies/recommended/lock-contention.yaml"});
  CHECK(other.status == 1);
  CHECK_THAT(other.out, Contains("FAILED: circuit-breaker: something is expected of it"));
}

TEST_CASE("simulate: JSON holds every figure") {
  const auto ran = run({"simulate", kNoHysteresis, "--json"});
  CHECK(ran.status == 1);
  const auto report = nlohmann::json::parse(ran.out).at("scenarios").at(0);
  CHECK(report.at("scenario") == "no-hysteresis");
  CHECK(report.at("holds") == false);
  CHECK(report.at("policies").at("no-hysteresis").at("oscillation_period_seconds") == 90);
  CHECK(report.at("invariants").at(0).at("invariant") == 1);
}

TEST_CASE("simulate: what cannot be loaded exits with 2 and says where") {
  const ScratchDirectory folder;
  const auto file = folder.path() + "/wrong.yaml";
  write_file(file, "version: 1\nscenario: wrong\nduratoin: 1h\nplant: {lock_contention: {}}\n");
  auto ran = run({"simulate", file});
  CHECK(ran.status == 2);
  CHECK_THAT(ran.err, Contains("wrong.yaml:3:1: unknown key `duratoin`") &&
                          Contains("did you mean `duration`?"));
  CHECK(ran.out.empty());
  ran = run({"simulate", kNoHysteresis, "--policies", file});
  CHECK(ran.status == 2);
  ran = run({"simulate", folder.path() + "/nothing.yaml"});
  CHECK(ran.status == 2);
}
