// SPDX-License-Identifier: Apache-2.0
// What the binary answers without a daemon and without a server: exit status and every line.
#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/integration/binary.hpp"
#include "tests/support/scratch_directory.hpp"

namespace homeostat::testing {
namespace {

using Catch::Matchers::Contains;

/// A file that goes with it.
struct PolicyFile {
  explicit PolicyFile(const std::string& yaml) : path(scratch.path() + "/policy.yaml") {
    std::ofstream(path) << yaml;
  }
  ScratchDirectory scratch;
  std::string path;
};

auto lines(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }

}  // namespace

TEST_CASE("command: check names a misspelt signal, a double key and an inverted clear level") {
  const PolicyFile file(
      "version: 1\n"
      "policy: circuit-breaker\n"
      "kind: breaker\n"
      "kind: breaker\n"
      "open:\n"
      "  any:\n"
      "    - {signal: pg_blocked_ration, above: 0.2, clear_below: 0.15}\n"
      "    - {signal: pg_blocked_ratio, above: 0.2, clear_below: 0.3}\n"
      "ladder:\n"
      "  - {lever: feature, target: class/batch, admit: 0%}\n");
  const auto checked = run_homeostat({"check", file.path});
  CHECK(checked.status == 1);
  CHECK_THAT(checked.output, Contains(file.path + ":4:1: key `kind` is written twice"));
  CHECK_THAT(checked.output, Contains(file.path + ":7:16: `signal` is `pg_blocked_ration`") &&
                                 Contains("did you mean `pg_blocked_ratio`?"));
  CHECK_THAT(checked.output, Contains(file.path + ":8:59: `clear_below` is 0.3") &&
                                 Contains("expected less than `above` (0.2)"));
  CHECK_THAT(checked.output, Contains("\n3 errors\n"));
}

TEST_CASE("command: check says that the shipped policies are fine") {
  const auto checked = run_homeostat({"check", HOMEOSTAT_SOURCE_DIR "/policies/recommended"});
  CHECK(checked.status == 0);
  CHECK_THAT(checked.output, Contains("ok: ") && Contains("circuit-breaker (breaker, enforce)"));
  const std::string more = HOMEOSTAT_SOURCE_DIR "/policies/recommended";
  const auto irreversible = run_homeostat({"check", more, more + "/irreversible"});
  CHECK(irreversible.status == 0);
  CHECK_THAT(irreversible.output, Contains("shard-split (job, enforce)"));
}

TEST_CASE("command: schema prints nothing but JSON") {
  for (const std::string what : {"policy", "config"}) {
    const auto printed = run_homeostat({"schema", what});
    CHECK(printed.status == 0);
    const auto schema = nlohmann::json::parse(printed.output, nullptr, false);
    REQUIRE(schema.is_object());
    CHECK(schema.contains("$schema"));
  }
}

TEST_CASE("command: an unknown flag or subcommand is one clear line and a non-zero exit") {
  using Command = std::vector<std::string>;
  for (auto command : {Command{"run"}, Command{"check", "policy.yaml"}, Command{"schema"},
                       Command{"migrate"}, Command{"status"}, Command{"explain", "watch"}}) {
    command.emplace_back("--colour");
    const auto refused = run_homeostat(command);
    CHECK(refused.status == 2);
    CHECK_THAT(refused.output, Contains("homeostat: ") && Contains("--colour"));
    CHECK(lines(refused.output) == 1);
  }
  const auto unknown = run_homeostat({"chek"});
  CHECK(unknown.status == 2);
  CHECK_THAT(unknown.output, Contains("`chek`") && Contains("`check`"));
  CHECK(lines(unknown.output) == 1);
}

TEST_CASE("command: grants prints what it is asked for, and takes no name that could be SQL") {
  const auto printed =
      run_homeostat({"grants", "--consumer", "play_consumer", "--consumer", "Ads 2"});
  CHECK(printed.status == 0);
  CHECK_THAT(printed.output, Contains("ARRAY['play_consumer', 'Ads 2']") &&
                                 Contains("GRANT EXECUTE ON FUNCTION homeostat.report_batches"));
  CHECK(run_homeostat({"grants", "--consumer", "x', 'postgres"}).status != 0);
  CHECK_THAT(run_homeostat({"grants", "--deadlocks"}).output,
             Contains("GRANT EXECUTE ON FUNCTION homeostat_log.citus_deadlocks"));
}

}  // namespace homeostat::testing
