// SPDX-License-Identifier: Apache-2.0
// The database's own guard, called by a real pg_cron, and what it means to the daemon.
#include <atomic>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "tests/integration/site.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/pg_client.hpp"

namespace homeostat::testing {
namespace {

using Catch::Matchers::Contains;

// pg_cron wakes at whole minutes: this much is only waited out by a failing test.
constexpr std::chrono::seconds kMinutes{120};

// Both levers at work.
constexpr const char* kBoth = R"(version: 1
policy: circuit-breaker
kind: breaker
mode: enforce
open: {signal: pg_blocked_ratio, cusum: {ref: 0.20, trip: 1}, clear_below: 0.15}
ladder:
  - {lever: feature, target: class/rebuildable, admit: 0%}
  - {lever: feature, target: class/batch, admit: 0%}
---
policy: lock-contention
kind: breaker
mode: enforce
open: {signal: pg_blocked_ratio, cusum: {ref: 0.15, trip: 1}, clear_below: 0.10}
ladder:
  - {lever: planner_profile, target: profile/contention, ttl: 30m}
)";

bool pg_cron_installed() {
  return std::filesystem::exists(postgres_binaries() + "/../lib/pg_cron.so");
}

/// Of a server that has pg_cron as sql/pg_cron.sql asks for it.
Settings with_pg_cron() {
  return {{"shared_preload_libraries", "pg_cron"},
          {"cron.database_name", "postgres"},
          {"cron.use_background_workers", "on"}};
}

/// Prints the script with the binary and runs it with psql, as README says. psql's exit status.
int run_pg_cron_script(Site& site) {
  const auto printed = site.homeostat({"grants", "--guard"});
  REQUIRE(printed.status == 0);
  std::ofstream(site.path("pg_cron.sql")) << printed.output;
  ProcessOptions options;
  options.log = site.path("psql.log");
  ChildProcess psql({"/usr/bin/psql", "-X", "-q", "-h", site.postgres().socket_directory(), "-p",
                     std::to_string(site.postgres().port()), "-U", "postgres", "-d", "postgres",
                     "-f", site.path("pg_cron.sql")},
                    options);
  return psql.wait(std::chrono::seconds{60}).value_or(-1);
}

void schedule_guard(Site& site) {
  REQUIRE(run_pg_cron_script(site) == 0);
  REQUIRE(site.postgres().sql("SELECT string_agg(DISTINCT username, ',') || ' ' || count(*) "
                              "FROM cron.job WHERE active") == "homeostat_guard 2");
}

/// Applications that all want one row, which somebody keeps for a while each time.
class LockStorm {
 public:
  explicit LockStorm(Site& site) {
    site.postgres().sql("CREATE TABLE hot (plays bigint); INSERT INTO hot VALUES (0)");
    for (int i = 0; i < 8; ++i) {
      threads_.emplace_back([this, address = site.postgres().address()] {
        try {
          PgClient client(address);
          while (running_) {
            client.run("BEGIN; UPDATE hot SET plays = plays + 1; SELECT pg_sleep(0.05); COMMIT");
          }
        } catch (const std::runtime_error& error) {
          std::puts(error.what());  // the storm that is not there fails the test
        }
      });
    }
  }
  ~LockStorm() { end(); }
  LockStorm(const LockStorm&) = delete;
  LockStorm& operator=(const LockStorm&) = delete;

  /// Whether it has come to be one.
  static bool rages(Site& site) {
    return eventually([&] {
      return site.postgres().sql(
                 "SELECT count(*) >= 5 FROM pg_stat_activity WHERE wait_event_type = 'Lock'") ==
             "t";
    });
  }

  void end() {
    running_ = false;
    for (auto& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }

 private:
  std::atomic<bool> running_{true};
  std::vector<std::thread> threads_;
};

/// A daemon that has shed both rungs, dies, and stays dead: past the lease and past every expiry.
void die_mid_storm(Site& site) {
  site.start_daemon();
  site.inject(28, 32);
  REQUIRE(eventually([&] { return site.rung() == 2; }));
  REQUIRE(eventually([&] { return !site.allowed("monthly_report"); }));
  site.daemon().signal(SIGKILL);
  REQUIRE(site.daemon().wait(std::chrono::seconds{10}));
  site.postgres().sql("UPDATE homeostat.lease SET renewed_at = renewed_at - interval '1 hour'");
}

std::string guard_said(Site& site) {
  return site.postgres().sql("SELECT coalesce(reason, '') FROM homeostat.guard_state");
}

std::string lock_timeout_of_reporting(Site& site) {
  return PgClient(site.postgres().address("reporting")).run("SHOW lock_timeout");
}

void let_everything_run_out(Site& site) {
  site.postgres().sql(
      "UPDATE homeostat.lever SET expires_at = expires_at - interval '5 minutes'; "
      "UPDATE homeostat.admission SET expires_at = expires_at - interval '5 minutes'");
}

std::string open_rows(Site& site) {
  return site.postgres().sql(
      "SELECT coalesce(string_agg(target || ' ' || policy, ', ' ORDER BY target), 'none') "
      "FROM homeostat.lever WHERE status = 'open'");
}

/// The guard, switched on, twice in the time that it asks for, in a storm: it sheds.
void guard_sheds(Site& site) {
  site.postgres().sql("UPDATE homeostat.guard_setting SET open_first_rung = true");
  LockStorm storm(site);
  REQUIRE(LockStorm::rages(site));
  site.postgres().sql(
      "SELECT * FROM homeostat.guard(); UPDATE homeostat.guard_state SET "
      "judged_at = judged_at - interval '30 seconds'");
  REQUIRE(site.postgres().sql("SELECT opened FROM homeostat.guard()") == "t");
}

/// What the breaker remembers is from so long ago that it counts no more.
void let_memory_fade(Site& site) {
  site.postgres().sql(
      "UPDATE homeostat.policy_state SET changed_at = changed_at - interval '1 hour',"
      " opened_at = opened_at - interval '1 hour'");
}

}  // namespace

TEST_CASE("guard: with the daemon killed mid-storm, pg_cron's guard gives back on time (H22)") {
  if (!pg_cron_installed()) {
    std::puts("SKIPPED: this PostgreSQL has no pg_cron");
    return;
  }
  Site site(with_pg_cron());
  site.write_policies(kBoth);
  site.inventory("  profiles:\n    contention: {roles: [reporting], settings: {lock_timeout: 2s}}");
  site.rewrite_config();
  site.postgres().sql(
      "CREATE ROLE reporting LOGIN;"
      "ALTER ROLE reporting IN DATABASE postgres SET lock_timeout = '9s'");
  const auto wrapper = site.homeostat({"grants", "--actuator", "--config", site.config_path()});
  REQUIRE(wrapper.status == 0);
  site.postgres().sql(wrapper.output);
  schedule_guard(site);
  die_mid_storm(site);
  REQUIRE(open_rows(site) ==
          "class/batch circuit-breaker, class/rebuildable circuit-breaker, "
          "profile/contention lock-contention");
  REQUIRE(lock_timeout_of_reporting(site) == "2s");

  let_everything_run_out(site);
  REQUIRE(eventually([&] { return open_rows(site) == "none"; }, kMinutes));
  CHECK(lock_timeout_of_reporting(site) == "9s");
  CHECK(site.postgres().sql("SELECT count(*) FROM homeostat.admission") == "0");
  CHECK(site.postgres().sql("SELECT string_agg(DISTINCT reason, '|') FROM homeostat.act "
                            "WHERE kind = 'revert'") == "past its expiry, and nobody leads");
  CHECK(site.postgres().sql("SELECT count(*) FROM homeostat.act WHERE policy = 'guard'") == "0");
  CHECK_THAT(guard_said(site), Contains("not switched on"));
  // A second run of the script changes nothing.
  schedule_guard(site);
}

TEST_CASE("guard: switched on, pg_cron's guard opens the first rung in a storm, and it runs out") {
  if (!pg_cron_installed()) {
    std::puts("SKIPPED: this PostgreSQL has no pg_cron");
    return;
  }
  Site site(with_pg_cron());
  die_mid_storm(site);
  site.postgres().sql("SELECT * FROM homeostat.expire()");
  let_everything_run_out(site);
  site.postgres().sql(
      "SELECT * FROM homeostat.expire(); UPDATE homeostat.guard_setting SET "
      "open_first_rung = true, ttl = '5 seconds'");
  REQUIRE(open_rows(site) == "none");
  LockStorm storm(site);
  REQUIRE(LockStorm::rages(site));
  schedule_guard(site);
  REQUIRE(eventually([&] { return open_rows(site) == "class/rebuildable guard"; }, kMinutes));
  CHECK_FALSE(site.allowed("top_tracks_view"));
  CHECK(site.allowed("monthly_report"));
  CHECK_THAT(guard_said(site), Contains("2 breaches in a row, and nobody leads"));

  storm.end();
  // Its five seconds and the minute of coming back, then the next run.
  let_everything_run_out(site);
  REQUIRE(eventually([&] { return open_rows(site) == "none"; }, kMinutes));
  CHECK(site.allowed("top_tracks_view"));
  CHECK(site.postgres().sql("SELECT string_agg(kind || ' ' || outcome, ', ' ORDER BY id) FROM "
                            "homeostat.act WHERE policy = 'guard'") ==
        "apply applied, revert applied");
}

TEST_CASE(
    "guard: a daemon that comes back leads over the guard, whose rung is left to its expiry") {
  Site site;
  die_mid_storm(site);
  let_everything_run_out(site);
  site.postgres().sql("SELECT * FROM homeostat.expire()");
  let_memory_fade(site);
  guard_sheds(site);
  REQUIRE_FALSE(site.allowed("top_tracks_view"));
  const auto epoch = site.postgres().sql("SELECT epoch FROM homeostat.lease");

  site.inject(0, 32);
  const int second = site.start_daemon();
  REQUIRE(eventually([&] { return site.status(second).at("leader") == true; }));
  REQUIRE(eventually([&] { return site.status(second).at("ticks") >= 2; }));
  CHECK(open_rows(site) == "class/rebuildable guard");
  CHECK(site.postgres().sql("SELECT reason FROM homeostat.guard()") == "a supervisor leads");

  // Told to end, it gives back that, too.
  site.daemon(second).signal(SIGTERM);
  REQUIRE(site.daemon(second).wait(std::chrono::seconds{60}));
  CHECK(open_rows(site) == "none");
  CHECK(site.allowed("top_tracks_view"));
  CHECK(site.postgres().sql("SELECT kind || ': ' || reason FROM homeostat.act WHERE epoch > " +
                            epoch + " ORDER BY id") == "revert: no policy wants it any more");
}

TEST_CASE("guard: what the daemon had shed is kept in its name, and found by it") {
  Site site;
  die_mid_storm(site);
  guard_sheds(site);
  CHECK(open_rows(site) == "class/batch circuit-breaker, class/rebuildable circuit-breaker");
}

TEST_CASE("guard: a daemon that comes back into the storm takes the rung over from the guard") {
  Site site;
  die_mid_storm(site);
  let_everything_run_out(site);
  site.postgres().sql("SELECT * FROM homeostat.expire()");
  guard_sheds(site);
  REQUIRE(open_rows(site) == "class/rebuildable guard");
  const auto epoch = site.postgres().sql("SELECT epoch FROM homeostat.lease");
  // Away for so long that what the breaker remembered counts no more, or only just gone.
  const bool long_gone = GENERATE(true, false);
  if (long_gone) let_memory_fade(site);
  const int second = site.start_daemon();  // the injected samples go on: 28 of 32
  REQUIRE(eventually([&] { return site.rung(second) >= 1; }));
  REQUIRE(eventually([&] {
    return site.postgres().sql(
               "SELECT policy FROM homeostat.lever WHERE status = 'open' "
               "AND target = 'class/rebuildable'") == "circuit-breaker";
  }));
  CHECK_FALSE(site.allowed("top_tracks_view"));
  CHECK(site.postgres().sql("SELECT count(*) FROM homeostat.act WHERE kind = 'revert' AND "
                            "target = 'class/rebuildable' AND epoch > " +
                            epoch) == "0");
}

TEST_CASE("guard: where pg_cron is not loaded its script says so and leaves nothing behind") {
  Site site;
  CHECK(run_pg_cron_script(site) == 3);  // psql: an error in a script
  std::ifstream log(site.path("psql.log"));
  const std::string said{std::istreambuf_iterator<char>(log), {}};
  CHECK_THAT(said, Catch::Matchers::Contains("pg_cron is not loaded: nothing was changed"));
  CHECK(site.postgres().sql("SELECT count(*) FROM pg_roles WHERE rolname = 'homeostat_guard'") ==
        "0");
}

}  // namespace homeostat::testing
