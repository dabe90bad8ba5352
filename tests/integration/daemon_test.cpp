// SPDX-License-Identifier: Apache-2.0
// What an operator does to a running daemon: signals, reloads, questions.
#include <catch2/catch.hpp>
#include <csignal>
#include <nlohmann/json.hpp>
#include <optional>

#include "tests/integration/site.hpp"
#include "tests/support/alertmanager_server.hpp"
#include "tests/support/eventually.hpp"

namespace homeostat::testing {
namespace {

using Catch::Matchers::Contains;

bool fires(const AlertmanagerServer& server, const std::string& alert) {
  return server.alerts().find('"' + alert + '"') != std::string::npos;
}

/// Status of the daemon that has taken the place of the one that said `before`, in the same
/// process; nothing while that one still answers, or nobody does.
std::optional<nlohmann::json> successor(const Site& site, const nlohmann::json& before) {
  const auto body = site.get("/v1/status");
  if (!body) return std::nullopt;
  auto now = nlohmann::json::parse(*body);
  if (now.at("started_us") == before.at("started_us")) return std::nullopt;
  return now;
}

}  // namespace

TEST_CASE("daemon: SIGTERM gives back what was shed, releases the lease and ends with 0") {
  Site site;
  site.start_daemon();
  site.inject(28, 32);
  REQUIRE(eventually([&] { return !site.allowed("top_tracks_view"); }));
  site.daemon().signal(SIGTERM);
  CHECK(site.daemon().wait(std::chrono::seconds{20}) == 0);
  CHECK(site.allowed("top_tracks_view"));
  CHECK(site.postgres().sql("SELECT pid IS NULL FROM homeostat.lease") == "t");
}

TEST_CASE("daemon: with on_exit keep, SIGTERM leaves what was shed to its expiry") {
  Site site;
  site.configure("on_exit: keep");
  site.start_daemon();
  site.inject(28, 32);
  REQUIRE(eventually([&] { return !site.allowed("top_tracks_view"); }));
  site.daemon().signal(SIGTERM);
  CHECK(site.daemon().wait(std::chrono::seconds{20}) == 0);
  CHECK(site.postgres().sql("SELECT count(*) FROM homeostat.lever WHERE status = 'open'") == "1");
}

TEST_CASE("daemon: a reload with a bad file keeps the last good policies and says so (H36)") {
  Site site;
  site.start_daemon();
  REQUIRE(eventually([&] { return site.state() == "closed"; }));
  site.write_policies("version: 1\npolicy: circuit-breaker\nkind: braker\n");
  site.daemon().signal(SIGHUP);
  REQUIRE(eventually([&] { return site.status().at("reload_ok") == false; }));
  CHECK_THAT(site.status().at("reload_error").get<std::string>(), Contains("policies.yaml:"));
  const auto metrics = site.get("/metrics");
  REQUIRE(metrics.has_value());
  CHECK_THAT(*metrics, Contains("homeostat_config_last_reload_successful 0"));
  site.inject(28, 32);
  REQUIRE(eventually([&] { return site.rung() == 1; }));
}

TEST_CASE(
    "daemon: a reload that changes a policy lets its levers go, and the new one starts closed") {
  Site site;
  site.start_daemon();
  site.inject(28, 32);
  REQUIRE(eventually([&] { return site.rung() == 2; }));
  // The same storm neither trips the new one nor counts as clear: taken over open, it would stay
  // so.
  site.write_policies(
      "version: 1\npolicy: circuit-breaker\nkind: breaker\nmode: enforce\n"
      "open: {signal: pg_blocked_ratio, cusum: {ref: 0.95, trip: 1}, clear_below: 0.15}\n"
      "ladder: [{lever: feature, target: class/rebuildable, admit: 0%}]\n");
  site.daemon().signal(SIGHUP);
  REQUIRE(eventually([&] { return site.state() == "closed"; }));
  CHECK(site.status().at("reload_ok") == true);
  CHECK(site.rung() == 0);
  REQUIRE(eventually([&] { return site.status().at("levers").empty(); }));
  CHECK(site.allowed("top_tracks_view"));
  CHECK(site.allowed("monthly_report"));
}

TEST_CASE("daemon: a reload that needs new connections keeps what stands") {
  Site site;
  site.start_daemon();
  site.inject(28, 32);
  REQUIRE(eventually([&] { return site.rung() == 2; }));
  const auto acts = "SELECT string_agg(a::text, ';' ORDER BY id) FROM homeostat.act a";
  const auto before = site.status();
  const auto done = site.postgres().sql(acts);
  site.configure("show_queries: true");
  site.rewrite_config();
  site.daemon().signal(SIGHUP);
  REQUIRE(eventually([&] {
    const auto after = successor(site, before);
    return after && after->at("leader") == true && after->at("epoch") > before.at("epoch");
  }));
  REQUIRE(eventually([&] { return site.rung() == 2; }));
  CHECK(site.postgres().sql(acts) == done);
  CHECK_FALSE(site.allowed("top_tracks_view"));
  CHECK_FALSE(site.allowed("monthly_report"));
}

TEST_CASE("daemon: a reload that lowers mode_ceiling to shadow gives back at once, storm or not") {
  Site site;
  // An hour at normal speed: nothing expires while this test runs.
  site.write_policies(
      "version: 1\npolicy: circuit-breaker\nkind: breaker\nmode: enforce\n"
      "open: {signal: pg_blocked_ratio, cusum: {ref: 0.20, trip: 1}, clear_below: 0.15}\n"
      "ladder: [{lever: feature, target: class/rebuildable, admit: 0%, ttl: 1h}]\n");
  site.start_daemon();
  site.inject(28, 32);
  REQUIRE(eventually([&] { return !site.allowed("top_tracks_view"); }));
  const auto before = site.status();
  site.mode_ceiling("shadow");
  site.rewrite_config();
  site.daemon().signal(SIGHUP);
  REQUIRE(eventually([&] { return successor(site, before).has_value(); }));
  CHECK(site.allowed("top_tracks_view"));
  CHECK(site.postgres().sql("SELECT status FROM homeostat.lever") == "reverted");
  CHECK(site.postgres().sql("SELECT expires_at > clock_timestamp() FROM homeostat.lever") == "t");
  CHECK(site.postgres().sql("SELECT pid IS NULL FROM homeostat.lease") == "t");
  // The storm goes on, and all that comes of it is what would be done.
  REQUIRE(eventually([&] { return !site.status().at("would").empty(); }));
  CHECK(site.status().at("mode_ceiling") == "shadow");
  CHECK(site.allowed("top_tracks_view"));
}

TEST_CASE("daemon: explain shows for a quiet evaluation which gate held it back, and by how much") {
  Site site;
  site.inject(1, 20);
  site.start_daemon();
  REQUIRE(eventually([&] { return site.state() == "closed"; }));
  const auto explained = site.homeostat({"explain", "circuit-breaker", "--server", site.url()});
  CHECK(explained.status == 0);
  CHECK_THAT(explained.output, Contains("pg_blocked_ratio") && Contains("short"));
}

TEST_CASE("daemon: status and history answer people and scripts") {
  Site site;
  site.start_daemon();
  site.inject(28, 32);
  REQUIRE(eventually([&] { return site.rung() >= 1; }));
  const auto status = site.homeostat({"status", "--server", site.url()});
  CHECK(status.status == 0);
  CHECK_THAT(status.output, Contains("circuit-breaker") && Contains("open") &&
                                Contains("pg_blocked_ratio") && Contains("class/rebuildable"));
  const auto json = site.homeostat({"status", "--json", "--server", site.url()});
  CHECK(nlohmann::json::parse(json.output).at("leader") == true);
  const auto history = site.homeostat({"history", "--server", site.url()});
  CHECK(history.status == 0);
  CHECK_THAT(history.output, Contains("class/rebuildable"));
}

TEST_CASE("daemon: a stock Alertmanager sees the alert firing and then resolved") {
  AlertmanagerServer alertmanager;
  Site site;
  site.configure("alertmanager: {urls: [\"" + alertmanager.url() + "\"]}");
  site.start_daemon();
  site.inject(28, 32);
  REQUIRE(eventually([&] { return fires(alertmanager, "HomeostatCircuitBreaker"); }));
  CHECK(fires(alertmanager, "HomeostatWatchdog"));
  site.inject(0, 32);
  REQUIRE(eventually([&] { return !fires(alertmanager, "HomeostatCircuitBreaker"); }));
}

}  // namespace homeostat::testing
