// SPDX-License-Identifier: Apache-2.0
// The journals of real daemons, replayed by the command line.
#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "tests/integration/site.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/prometheus_server.hpp"
#include "tests/support/text_file.hpp"

namespace homeostat::testing {
namespace {

using Catch::Matchers::Contains;

nlohmann::json replayed(Site& site, int number, std::vector<std::string> more = {}) {
  std::vector<std::string> arguments{"replay", site.journal_path(number), "--config",
                                     site.config_path(number), "--json"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const auto done = site.homeostat(arguments);
  INFO(done.output);
  REQUIRE(done.status == 0);
  return nlohmann::json::parse(done.output);
}

/// Sheds, pauses and reloads, and dies with both rungs taken.
void stormy_life(Site& site) {
  site.start_daemon();
  REQUIRE(eventually([&] { return site.state() == "closed"; }));
  site.inject(28, 32);
  REQUIRE(eventually([&] { return site.rung() == 2; }));
  site.daemon().signal(SIGHUP);
  const auto ticks = site.status().at("ticks").get<int>();
  REQUIRE(eventually([&] { return site.status().at("ticks") >= ticks + 2; }));
  site.daemon().signal(SIGKILL);
  REQUIRE(site.daemon().wait(std::chrono::seconds{10}));
}

}  // namespace

TEST_CASE("replay: a daemon's journal and its successor's give the same verdicts, byte for byte") {
  Site site;
  stormy_life(site);
  const int second = site.start_daemon();
  REQUIRE(eventually([&] { return site.rung(second) == 2; }));
  site.inject(0, 32);
  REQUIRE(eventually([&] { return site.state(second) == "closed"; }));
  site.daemon(second).signal(SIGTERM);
  REQUIRE(site.daemon(second).wait(std::chrono::seconds{20}) == 0);

  for (const int number : {0, second}) {
    const auto told = replayed(site, number);
    CHECK(told.at("differing_verdicts") == 0);
    CHECK(told.at("unknown_beginnings") == 0);
    CHECK(told.at("steps") > 20);
    CHECK(told.at("actions").size() >= 2);
    CHECK(told.at("replayed") == told.at("recorded"));
  }
}

TEST_CASE("replay: a changed threshold prints which actions there would not have been") {
  Site site;
  stormy_life(site);
  std::ifstream in(std::string(HOMEOSTAT_SOURCE_DIR) +
                   "/policies/recommended/circuit-breaker.yaml");
  std::string policy{std::istreambuf_iterator<char>{in}, {}};
  const auto at = policy.find("ref: 0.20");
  REQUIRE(at != std::string::npos);
  policy.replace(at, 9, "ref: 0.99");
  const auto changed = site.path("circuit-breaker.yaml");
  std::ofstream(changed) << policy;

  const auto done = site.homeostat({"replay", site.journal_path(), "--config", site.config_path(),
                                    "--policies", changed, "--fail-on", "openings>0"});
  CHECK(done.status == 0);
  CHECK_THAT(done.output, Contains("only recorded") && Contains("opened") && Contains("climbed"));
  CHECK_THAT(done.output, Contains("`circuit-breaker` was recorded with another text"));
  const auto page = site.path("replay.html");
  const auto gate =
      site.homeostat({"replay", site.journal_path(), "--config", site.config_path(), "--policies",
                      changed, "--fail-on", "changed_actions>0", "--html", page});
  CHECK(gate.status == 1);
  CHECK_THAT(gate.output, Contains("changed_actions is"));
  const auto drawn = read_file(page);
  CHECK_THAT(drawn, Contains("FAILED: changed_actions is") && Contains("pg_blocked_ratio") &&
                        Contains("circuit-breaker 0.99") && Contains("class=\"open\""));
}

TEST_CASE("replay: a journal that a running daemon holds is refused, with what to do") {
  Site site;
  site.start_daemon();
  const auto done = site.homeostat({"replay", site.journal_path(), "--config", site.config_path()});
  CHECK(done.status == 2);
  CHECK_THAT(done.output, Contains("a running daemon holds this journal") && Contains("copy"));
}

TEST_CASE("replay: what Prometheus scraped from the daemon tells policies what it was like") {
  if (!prometheus_installed()) {
    std::cout << "SKIPPED: prometheus is not installed\n";
    return;
  }
  Site site;
  site.start_daemon();
  const auto url = site.url();
  const PrometheusServer prometheus{url.substr(url.rfind('/') + 1)};
  const std::string storm = "homeostat_pg_blocked_ratio{subject=\"node/main\"}";
  site.inject("pg_blocked_ratio node/main 28/32\npg_open_transactions node/main 32\n");
  REQUIRE(eventually([&] {
    return prometheus.query("count_over_time((" + storm + " > 0.8)[5m:1s])").value_or(0) >= 10;
  }));
  std::ofstream(site.path("samples.json")) << prometheus.query_range(
      "{__name__=~\"homeostat_pg_(blocked_ratio|open_transactions)\",subject=\"node/main\"}");

  // In the recording's own time, in which the storm is short.
  const auto policy = site.path("quick.yaml");
  std::ofstream(policy) << "version: 1\npolicy: quick\nkind: breaker\nmode: enforce\nevery: 1s\n"
                           "open: {signal: pg_blocked_ratio, above: 0.5, clear_below: 0.2}\n"
                           "ladder: [{lever: feature, target: class/batch, admit: 0%}]\n";
  std::vector<std::string> arguments{"replay", site.path("samples.json"), "--policies", policy};
  auto gate = arguments;
  gate.insert(gate.end(), {"--fail-on", "openings>=1"});
  const auto done = site.homeostat(gate);
  INFO(done.output);
  CHECK(done.status == 1);  // it would have opened
  CHECK_THAT(done.output, Contains("Actions:") && Contains("opened") && !Contains("recorded"));
  arguments.insert(arguments.end(), {"--fail-on", "changed_actions>0"});
  CHECK_THAT(site.homeostat(arguments).output,
             Contains("changed_actions") && Contains("--against"));
}

TEST_CASE("replay: wrong input is named") {
  Site site;
  const auto refused = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "replay");
    const auto done = site.homeostat(arguments);
    CHECK(done.status != 0);
    return done.output;
  };
  const auto config = site.config_path();
  site.rewrite_config();
  CHECK_THAT(refused({"none.db", "--config", config}), Contains("none.db"));
  CHECK_THAT(refused({"none.db"}), Contains("--policies") && Contains("--config"));
  CHECK_THAT(refused({"none.db", "--config", config, "--fail-on", "flap>0"}),
             Contains("no figure `flap`") && Contains("flaps"));
  CHECK_THAT(refused({"none.db", "--config", config, "--fail-on", "flaps>many"}),
             Contains("`many` is no number"));
  CHECK_THAT(refused({"none.db", "--config", config, "--policies", config}),
             Contains("a configuration: name it with --config"));
  CHECK_THAT(refused({"none.db", "--config", config, "--since", "yesterday"}),
             Contains("yesterday"));
}

}  // namespace homeostat::testing
