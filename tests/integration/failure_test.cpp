// SPDX-License-Identifier: Apache-2.0
// What the daemon does when what it needs is missing, frozen, full or wrong.
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <nlohmann/json.hpp>

#include "tests/integration/site.hpp"
#include "tests/support/eventually.hpp"

namespace homeostat::testing {
namespace {

using Catch::Matchers::Contains;

nlohmann::json sample(const nlohmann::json& status, const std::string& signal) {
  for (const auto& sample : status.at("samples")) {
    if (sample.at("signal") == signal && sample.at("subject") == "node/main") return sample;
  }
  return nullptr;
}

}  // namespace

TEST_CASE("failure: with PostgreSQL down at start the daemon stays up, says so, and reconnects") {
  Site site;
  site.postgres().stop();
  site.start_daemon();
  REQUIRE(eventually([&] { return site.status().at("bar") == "ledger_lost"; }));
  CHECK(sample(site.status(), "probe_up").at("numerator") == 0);
  CHECK(sample(site.status(), "pg_open_transactions").at("quality") == "absent");
  site.postgres().start();
  REQUIRE(eventually([&] { return site.status().at("leader") == true; }));
  REQUIRE(eventually([&] { return sample(site.status(), "probe_up").at("numerator") == 1; }));
}

TEST_CASE("failure: PostgreSQL lost in the middle freezes the breaker, which goes on afterwards") {
  Site site;
  site.start_daemon();
  site.inject(28, 32);
  REQUIRE(eventually([&] { return site.rung() == 2; }));
  site.inject_nothing();
  site.postgres().kill_server();
  REQUIRE(eventually([&] { return site.status().at("leader") == false; }));
  site.postgres().start();
  REQUIRE(eventually([&] { return site.status().at("leader") == true; }));
  REQUIRE(eventually([&] { return site.state() == "closed"; }));
  REQUIRE(eventually([&] { return site.allowed("monthly_report"); }));
}

TEST_CASE("failure: a frozen server makes readings absent, and the loop goes on (H9)") {
  Site site;
  site.start_daemon();
  REQUIRE(eventually([&] { return site.status().at("leader") == true; }));
  site.postgres().freeze();
  REQUIRE(eventually([&] {
    const auto frozen = sample(site.status(), "pg_open_transactions");
    return frozen.at("quality") == "absent" && frozen.at("reason") == "timeout";
  }));
  const auto before = site.status().at("at_us").get<std::int64_t>();
  REQUIRE(eventually([&] { return site.status().at("at_us").get<std::int64_t>() > before; }));
  site.postgres().thaw();
  REQUIRE(eventually([&] { return sample(site.status(), "probe_up").at("numerator") == 1; }));
  REQUIRE(eventually([&] { return site.status().at("leader") == true; }));
}

TEST_CASE("failure: a monitor without pg_read_all_stats is told which GRANT is missing (H66)") {
  Site site;
  site.postgres().sql(
      "REVOKE pg_monitor FROM homeostat_monitor; REVOKE pg_read_all_stats FROM homeostat_monitor");
  site.start_daemon();
  REQUIRE(eventually([&] {
    return sample(site.status(), "pg_open_transactions").at("reason") == "missing_privilege";
  }));
  CHECK_THAT(site.homeostat({"status", "--server", site.url()}).output,
             Contains("GRANT pg_read_all_stats TO homeostat_monitor"));
}

TEST_CASE("failure: an idle server reads empty, neither 0 nor 1 (H2)") {
  Site site;
  site.start_daemon();
  REQUIRE(eventually(
      [&] { return sample(site.status(), "pg_blocked_ratio").at("quality") == "empty"; }));
}

TEST_CASE("failure: a taken HTTP port is one clear line and a non-zero exit") {
  Site site;
  site.start_daemon();
  const auto second = site.homeostat({"run", "--config", site.config_path(0)});
  CHECK(second.status == 1);
  CHECK_THAT(second.output,
             Contains("cannot listen on 127.0.0.1:") && Contains("the port is taken"));
}

TEST_CASE("failure: a secret that the world can read is refused, unprinted (H48)") {
  Site site;
  const auto secret = site.postgres().secret_file("monitor.password", "hunter2");
  REQUIRE(chmod(secret.c_str(), 0644) == 0);
  site.monitor_password_file(secret);
  const auto refused = site.homeostat({"run", "--config", site.config_path(0)});
  CHECK(refused.status == 1);
  CHECK_THAT(refused.output, Contains(secret) && !Contains("hunter2"));
}

}  // namespace homeostat::testing
