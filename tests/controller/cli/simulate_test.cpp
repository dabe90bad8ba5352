// SPDX-License-Identifier: Apache-2.0
// `homeostat simulate` as it is called, on the shipped files and on wrong ones.
#include "controller/cli/commands/simulate.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/controller/cli/ran.hpp"
#include "tests/controller/cli/well_formed.hpp"
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

TEST_CASE("simulate: a stalled consumer is told, a moment of it is not") {
  const auto ran = run({"simulate", kScenarios + "/consumer-lag.yaml", "--runs", "1"});
  CHECK(ran.status == 0);
  CHECK(ran.err.empty());
  CHECK_THAT(ran.out, !Contains("FAILED") && Contains("All that is expected holds."));
}

TEST_CASE("simulate: a job has columns of its own") {
  const ScratchDirectory folder;
  write_file(folder.path() + "/short.yaml",
             "version: 1\nscenario: short\nduration: 30s\nplant: {shards: {}}\n");
  const auto ran = run({"simulate", folder.path(), "--policies", kRoot + "/policies/recommended",
                        "--compare", kRoot + "/policies/source"});
  CHECK(ran.status == 0);
  CHECK_THAT(ran.out, Contains("BALANCED IN"));
}

TEST_CASE("simulate: every policy of both sets can be named for every plant") {
  const ScratchDirectory folder;
  for (const std::string plant :
       {"lock_contention: {}", "lock_storm: {}", "shards: {}", "zones: {}",
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

TEST_CASE("simulate: a scenario that no policy is for is left out and named, unless it is all") {
  const ScratchDirectory folder;
  const std::string begin = "version: 1\nduration: 30s\nscenario: ";
  write_file(folder.path() + "/a.yaml", begin + "a\nplant: {zones: {}}\n");
  const auto policy = kRoot + "/policies/recommended/lock-contention.yaml";
  const auto alone = run({"simulate", folder.path(), "--policies", policy});
  CHECK(alone.status == 2);
  CHECK_THAT(alone.err, Contains("a.yaml is left out: no policy is left to simulate"));
  write_file(folder.path() + "/b.yaml", begin + "b\nplant: {lock_contention: {}}\n");
  const auto both = run({"simulate", folder.path(), "--policies", policy});
  CHECK(both.status == 0);
  CHECK_THAT(both.err, Contains("a.yaml is left out"));
  CHECK_THAT(both.out, Contains("b: plant lock_contention") && !Contains("a: plant zones"));
}

TEST_CASE("simulate: with no policies named and none beside it, it is told what to give") {
  const ScratchDirectory folder;
  write_file(folder.path() + "/a.yaml",
             "version: 1\nscenario: a\nduration: 30s\nplant: {lock_contention: {}}\n");
  const auto ran = run({"simulate", folder.path() + "/a.yaml"});
  CHECK(ran.status == 2);
  CHECK_THAT(ran.err, Contains("a.yaml names no `policies`, and there are none in ") &&
                          Contains("give --policies"));
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

TEST_CASE("simulate: --compare prints every policy with a line a set, and judges the first") {
  const ScratchDirectory folder;
  const auto file = folder.path() + "/short.yaml";
  write_file(file,
             "version: 1\nscenario: short\nduration: 1h\nplant: {lock_contention: {}}\n"
             "incidents: [{at: 20m, for: 10m, level: 41%}]\n"
             "expect: {policies: {circuit-breaker: {detect_p95: 45s}}}\n");
  const std::vector<std::string> call{
      "simulate",   file,
      "--policies", kRoot + "/policies/recommended",
      "--compare",  kRoot + "/policies/source",
      "--compare",  kRoot + "/tests/bench/rules/naive",
      "--compare",  kRoot + "/tests/bench/rules/prometheus/circuit-breaker.yaml"};
  const auto ran = run(call);
  CHECK(ran.status == 0);
  CHECK(ran.err.empty());
  CHECK_THAT(ran.out, Contains("POLICY") && Contains("SET") && Contains("DETECTED"));
  CHECK_THAT(ran.out, Contains("circuit-breaker  recommended") && Contains("  source") &&
                          Contains("  naive"));
  CHECK_THAT(ran.out, Contains("recommended: all that is expected holds."));
  CHECK_THAT(ran.out, Contains("PLANT") && Contains("lock_contention  recommended"));
  CHECK(run(call).out == ran.out);

  auto as_json = call;
  as_json.emplace_back("--json");
  const auto sets = nlohmann::json::parse(run(as_json).out).at("scenarios").at(0).at("sets");
  REQUIRE(sets.size() == 4);
  CHECK(sets.at(3).at("set") == "circuit-breaker");  // a file is called by its own name
  const auto of = [&](std::size_t set, const char* figure) {
    return sets.at(set).at("report").at("policies").at("circuit-breaker").at(figure).get<double>();
  };
  // One sample decides at once and all the time; for: 1m decides late.
  CHECK(of(2, "detect_median_seconds") < of(0, "detect_median_seconds"));
  CHECK(of(2, "openings") > of(0, "openings"));
  CHECK(of(3, "detect_median_seconds") >= 60);
  // More than the cluster's budget, and than the storm brake would have let through.
  CHECK(of(2, "openings") > 30);
}

TEST_CASE("simulate: --compare fails as the first set does, and names sets that cannot be loaded") {
  auto ran = run({"simulate", kNoHysteresis, "--compare", kRoot + "/policies/recommended"});
  CHECK(ran.status == 1);
  CHECK_THAT(ran.out, Contains("no-hysteresis-policy: FAILED: invariant 1"));
  ran = run({"simulate", kNoHysteresis, "--policies", kRoot + "/policies/recommended", "--compare",
             kRoot + "/tests/controller/simulator/no-hysteresis-policy.yaml"});
  CHECK(ran.status == 0);
  CHECK_THAT(ran.out, Contains("no-hysteresis-policy: note: it also has no-hysteresis"));
  ran = run({"simulate", kNoHysteresis, "--compare", "nowhere"});
  CHECK(ran.status == 2);
  CHECK_THAT(ran.err, Contains("nowhere"));
  CHECK(ran.out.empty());
}

TEST_CASE("simulate: --html writes one page about every scenario, and changes no figure") {
  const ScratchDirectory folder;
  const auto file = folder.path() + "/page.html";
  const auto plain = run({"simulate", kNoHysteresis});
  const auto ran = run({"simulate", kNoHysteresis, "--html", file});
  CHECK(ran.status == 1);
  CHECK(ran.out == plain.out);
  const auto text = read_file(file);
  check_self_contained(text);
  CHECK(elements(parsed(text), "section").size() == 1);
  CHECK_THAT(text, Contains("does not hold") && Contains("limit cycle") &&
                       Contains("no-hysteresis 0.3") && Contains("no-hysteresis clear 0.2999"));
  const auto nowhere =
      run({"simulate", kNoHysteresis, "--html", folder.path() + "/none/page.html"});
  CHECK(nowhere.status == 2);
  CHECK(nowhere.out.empty());  // said before minutes of work
  CHECK_THAT(nowhere.err, Contains("cannot write " + folder.path() + "/none/page.html"));
}

TEST_CASE("simulate: the digest tells apart what differs in anything") {
  const std::vector<std::string> call{"simulate", kNoHysteresis, "--digest"};
  const auto ran = run(call);
  CHECK_THAT(ran.out, Contains("Digest of run 1: ") && Contains(" of 7200 ticks"));
  CHECK(run(call).out == ran.out);
  const auto at = ran.out.find("Digest");
  const auto other = run({"simulate", kNoHysteresis, "--digest", "--seed", "2"}).out;
  CHECK(other.substr(other.find("Digest")) != ran.out.substr(at));
}
