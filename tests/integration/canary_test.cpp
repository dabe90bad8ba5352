// SPDX-License-Identifier: Apache-2.0
// Policies in canary on a real PostgreSQL: one key in a hundred is shed.
#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "tests/integration/site.hpp"
#include "tests/support/eventually.hpp"

namespace homeostat::testing {
namespace {

using Catch::Matchers::Contains;

/// Its steps are short, so that time alone would promote it at once.
std::string policy(const std::string& canary) {
  return R"(version: 1
policy: circuit-breaker
kind: breaker
mode: canary
open: {signal: pg_blocked_ratio, cusum: {ref: 0.20, trip: 1}, clear_below: 0.15}
ladder:
  - {lever: feature, target: class/rebuildable, admit: 0%}
  - {lever: feature, target: class/batch, admit: 0%}
restore: {steps: [100%], each: 10s}
limits: {per_hour: 100}
canary: )" +
         canary + "\n";
}

/// Of 10,000 users those that are turned away now.
std::set<std::string> shed(Site& site, const std::string& feature) {
  std::istringstream rows{site.postgres().sql(
      "SELECT coalesce(string_agg(k::text, ' '), '') FROM generate_series(1, 10000) k "
      "WHERE NOT homeostat.allowed('" +
      feature + "', k::text)")};
  std::set<std::string> keys;
  for (std::string key; rows >> key;) keys.insert(key);
  return keys;
}

nlohmann::json canary(const Site& site, int daemon = 0) {
  return site.status(daemon).at("canaries").at(0);
}

/// An opening for nothing: the signal is well again as soon as it has opened.
std::set<std::string> blip(Site& site) {
  site.inject(24, 30);
  REQUIRE(eventually([&] { return site.state() == "open"; }));
  site.inject(1, 30);
  std::set<std::string> most;
  REQUIRE(eventually([&] {
    auto now = shed(site, "top_tracks_view");
    if (now.size() > most.size()) most = std::move(now);
    return site.state() == "closed";
  }));
  return most;
}

}  // namespace

TEST_CASE("canary: a bad policy never leaves 1 %, and ends up watching, across a restart") {
  Site site;
  site.postgres().sql("CREATE ROLE alice LOGIN; GRANT homeostat_operator TO alice");
  site.write_policies(
      policy("{steps: [{share: 1%, for: 1m}, {share: 15%, for: 1m}], min_acts: 3}"));
  const int first = site.start_daemon();
  REQUIRE(eventually([&] { return site.state(first) == "closed"; }));

  std::set<std::string> ever;
  for (int opening = 1; opening <= 3; ++opening) {
    CHECK(canary(site).at("share") == 0.01);
    const auto now = blip(site);
    CHECK(now.size() > 50);
    CHECK(now.size() < 150);
    ever.insert(now.begin(), now.end());
    if (opening == 1) CHECK(ever == now);
  }
  CHECK(ever.size() < 150);  // always the same ones
  REQUIRE(eventually([&] { return canary(site).at("demoted") == true; }));
  CHECK(canary(site).at("failed") == 3);

  // It would act, and touches nothing.
  site.inject(24, 30);
  REQUIRE(eventually([&] { return site.state(first) == "open"; }));
  CHECK(shed(site, "top_tracks_view").empty());
  const auto shown = site.homeostat({"status", "--server", site.url(first)});
  CHECK_THAT(shown.output, Contains("NOTHING: waits for homeostat ack"));
  CHECK_THAT(*site.get("/metrics", first),
             Contains("homeostat_canary_share{policy=\"circuit-breaker\"} 0"));

  site.daemon(first).signal(SIGTERM);
  REQUIRE(site.daemon(first).wait(std::chrono::seconds{60}) == 0);
  const int second = site.start_daemon();
  REQUIRE(eventually([&] { return site.state(second) == "open"; }));
  CHECK(canary(site, second).at("demoted") == true);
  CHECK(shed(site, "top_tracks_view").empty());

  const auto acknowledged =
      site.homeostat({"ack", "--policy", "circuit-breaker", "--reason", "looked at it", "--config",
                      site.config_path(), "--user", "alice"});
  INFO(acknowledged.output);
  CHECK(acknowledged.status == 0);
  CHECK_THAT(acknowledged.output, Contains("policy/circuit-breaker is acknowledged by alice"));
  REQUIRE(eventually([&] { return !shed(site, "top_tracks_view").empty(); }));
  CHECK(shed(site, "top_tracks_view").size() < 150);
}

TEST_CASE("canary: one that opens for a reason goes on to 15 %, which holds the first 1 %") {
  Site site;
  site.write_policies(
      policy("{steps: [{share: 1%, for: 1m}, {share: 15%, for: 1d}], min_acts: 1}"));
  site.start_daemon();
  REQUIRE(eventually([&] { return site.state() == "closed"; }));
  site.inject(24, 30);
  REQUIRE(eventually([&] { return canary(site).at("passed") == 1; }));
  const auto first = shed(site, "top_tracks_view");
  CHECK(first.size() > 50);
  CHECK(canary(site).at("share") == 0.01);  // not while it is open
  // The second rung's feature is another one, and its users are the same.
  REQUIRE(eventually([&] { return site.rung() == 2; }));
  CHECK(shed(site, "monthly_report") == first);
  site.inject(1, 30);
  REQUIRE(eventually([&] { return canary(site).at("share") == 0.15; }));

  site.inject(24, 30);
  REQUIRE(eventually([&] { return !shed(site, "top_tracks_view").empty(); }));
  const auto second = shed(site, "top_tracks_view");
  CHECK(second.size() > 1300);
  CHECK(second.size() < 1700);
  CHECK(std::includes(second.begin(), second.end(), first.begin(), first.end()));
}

TEST_CASE("storm brake: on after too many acts, off when an operator has looked (S6)") {
  Site site;
  site.postgres().sql("CREATE ROLE alice LOGIN; GRANT homeostat_operator TO alice");
  site.configure("limits: {brake: {acts: 1, within: 1h}}");
  site.configure("on_exit: keep");
  site.start_daemon();
  REQUIRE(eventually([&] { return site.state() == "closed"; }));
  site.inject(24, 30);
  REQUIRE(eventually([&] { return site.status().at("bar") == "storm_brake"; }));
  CHECK(site.rung() == 1);
  REQUIRE(eventually([&] { return site.step() == "blocked"; }));
  const auto shown = site.homeostat({"status", "--server", site.url()});
  CHECK_THAT(shown.output, Contains("the storm brake is on"));

  site.daemon().signal(SIGKILL);
  REQUIRE(site.daemon().wait(std::chrono::seconds{10}));
  const int second = site.start_daemon();
  REQUIRE(eventually([&] { return site.status(second).at("bar") == "storm_brake"; }));
  CHECK(site.homeostat(
                {"ack", "--reason", "looked", "--config", site.config_path(), "--user", "alice"})
            .status == 0);
  REQUIRE(eventually([&] { return site.rung(second) == 2; }));
}

}  // namespace homeostat::testing
