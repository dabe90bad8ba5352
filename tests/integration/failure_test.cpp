// SPDX-License-Identifier: Apache-2.0
// What the daemon does when what it needs is missing, frozen, full or wrong.
#include <sys/stat.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controller/loop/sqlite_history.hpp"
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

/// The longest time between the beginnings of two steps, as a daemon that has ended journaled them.
Duration longest_step(const std::string& journal) {
  const auto history = SqliteHistory::open(journal);
  REQUIRE(history.has_value());
  Duration longest{};
  std::optional<TimePoint> before;
  for (std::int64_t after = 0;;) {
    const auto steps = history->steps(after, 1000);
    REQUIRE(steps.has_value());
    if (steps->empty()) return longest;
    for (const auto& recorded : *steps) {
      if (before) longest = std::max(longest, recorded.step.at - *before);
      before = recorded.step.at;
    }
  }
}

}  // namespace

TEST_CASE("failure: with PostgreSQL down at start the daemon stays up, says so, and reconnects") {
  Site site;
  site.postgres().stop();
  site.start_daemon();
  REQUIRE(eventually([&] { return site.status().at("bar") == "ledger_lost"; }));
  CHECK(sample(site.status(), "probe_up").at("numerator") == 0);
  CHECK(sample(site.status(), "pg_open_transactions").at("quality") == "absent");
  CHECK_THAT(site.log(), Contains("probe pg_locks node/main: ") && Contains("Connection refused"));
  site.postgres().start();
  REQUIRE(eventually([&] { return site.status().at("leader") == true; }));
  REQUIRE(eventually([&] { return sample(site.status(), "probe_up").at("numerator") == 1; }));
}

TEST_CASE("failure: PostgreSQL lost is told in log and metrics, and a storm starts nothing") {
  Site site;
  site.start_daemon();
  REQUIRE(eventually([&] { return site.status().at("leader") == true; }));
  site.postgres().kill_server();
  REQUIRE(eventually([&] { return site.status().at("bar") == "ledger_lost"; }));
  CHECK_THAT(site.log(), Contains("probe pg_locks node/main: ") && Contains("not leading: "));
  const auto metrics = site.get("/metrics").value_or("");
  CHECK_THAT(metrics, Contains("\nhomeostat_probe_up{subject=\"node/main\"} 0\n"));
  CHECK_THAT(metrics, Contains("\nhomeostat_signal_unknown{signal=\"pg_blocked_ratio\",subject="
                               "\"node/main\",reason=\"failed\"} 1\n"));

  site.inject(28, 32);
  REQUIRE(eventually([&] { return site.step() == "blocked"; }));
  CHECK(site.rung() == 0);
  site.inject(0, 32);
  REQUIRE(eventually([&] { return site.step() == "idle"; }));
  site.postgres().start();
  REQUIRE(eventually([&] { return site.status().at("leader") == true; }));
  REQUIRE(eventually([&] { return sample(site.status(), "probe_up").at("numerator") == 1; }));
  CHECK_THAT(site.log(), Contains("probe pg_locks node/main: answers again"));
  CHECK(site.postgres().sql("SELECT count(*) FROM homeostat.act") == "0");
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

TEST_CASE("failure: a frozen server makes readings absent, and no step waits for it (H9)") {
  Site site;
  site.start_daemon();
  REQUIRE(eventually([&] { return site.status().at("leader") == true; }));
  site.postgres().freeze();
  REQUIRE(eventually([&] {
    const auto frozen = sample(site.status(), "pg_open_transactions");
    return frozen.at("quality") == "absent" && frozen.at("reason") == "timeout";
  }));
  // Long enough to miss samples, reconnections and the renewal of the lease.
  std::set<std::int64_t> steps;
  REQUIRE(eventually([&] {
    const auto status = site.status();
    steps.insert(status.at("at_us").get<std::int64_t>());
    return steps.size() >= 10 && status.at("leader") == false;
  }));
  site.postgres().thaw();
  REQUIRE(eventually([&] { return sample(site.status(), "probe_up").at("numerator") == 1; }));
  REQUIRE(eventually([&] { return site.status().at("leader") == true; }));

  // By the loop's own clock: a step ends after the deadlines of what it asks, 3 s each at most.
  site.daemon().signal(SIGTERM);
  REQUIRE(site.daemon().wait(std::chrono::seconds{20}) == 0);
  CHECK(longest_step(site.journal_path()) < std::chrono::seconds{10});
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

TEST_CASE("failure: migrate refuses a password that the world can read, unprinted (H48)") {
  Site site;
  const auto secret = site.postgres().secret_file("owner.password", "hunter2");
  const std::vector<std::string> command{"migrate", "--config", site.config_path(0),
                                         "--password-file", secret};
  CHECK(site.homeostat(command).status == 0);
  REQUIRE(chmod(secret.c_str(), 0644) == 0);
  const auto refused = site.homeostat(command);
  CHECK(refused.status == 1);
  CHECK(refused.output == "homeostat: --password-file: `" + secret +
                              "` is open to everybody (mode 0644); expected `chmod 0640` or "
                              "`chmod 0600`\n");
}

}  // namespace homeostat::testing
