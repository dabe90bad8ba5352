// SPDX-License-Identifier: Apache-2.0
// The planner profile through the real daemon: printed roles, a storm, a DBA in between.
#include <catch2/catch.hpp>
#include <csignal>
#include <nlohmann/json.hpp>

#include "tests/integration/site.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/pg_client.hpp"

namespace homeostat::testing {
namespace {

using Catch::Matchers::Contains;

constexpr const char* kPolicy = R"(version: 1
policy: lock-contention
kind: breaker
mode: enforce
open: {signal: pg_blocked_ratio, cusum: {ref: 0.15, trip: 1}, clear_below: 0.10}
ladder:
  - {lever: planner_profile, target: profile/contention, ttl: 30m}
alert: {severity: warning}
)";

constexpr const char* kBreaker = R"(---
policy: circuit-breaker
kind: breaker
mode: enforce
open: {signal: pg_lock_wait_max_seconds, above: 5, for_samples: 1, clear_below: 1}
ladder:
  - {lever: feature, target: class/batch, admit: 0%}
)";

/// A site with two managed roles.
struct ProfileSite : Site {
  ProfileSite() {
    write_policies(kPolicy);
    profiles("jit: off, lock_timeout: 2s");
    postgres().create_role("reporting");
    postgres().create_role("bulk");
    const auto printed = homeostat({"grants", "--actuator", "--config", config_path()});
    REQUIRE(printed.status == 0);
    postgres().sql(printed.output);
  }
  /// The inventory from the next start or reload on.
  void profiles(const std::string& settings) {
    inventory("  profiles:\n    contention: {roles: [reporting, bulk], settings: {" + settings +
              "}}");
    rewrite_config();
  }
  std::string set_on(const std::string& role) {
    return postgres().sql(
        "SELECT array_to_string(ARRAY(SELECT unnest(setconfig) ORDER BY 1), ',')"
        " FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole"
        " WHERE s.setdatabase <> 0 AND rolname = '" +
        role + "'");
  }
  /// Nothing stands, by the ledger too: the status is that of the last step that has ended.
  bool quiet() {
    const auto open = "SELECT count(*) FROM homeostat.lever WHERE status = 'open'";
    return postgres().sql(open) == "0" && status().at("levers").empty();
  }
};

}  // namespace

TEST_CASE_METHOD(ProfileSite,
                 "planner: a storm sets the profile, calm takes it back to what stood") {
  postgres().sql("ALTER ROLE bulk IN DATABASE postgres SET lock_timeout = '9s'");
  const PgClient old_session(postgres().address("reporting"));
  start_daemon();
  REQUIRE(eventually([&] { return status().at("leader") == true; }));
  inject(28, 32);
  REQUIRE(eventually([&] { return set_on("reporting") == "jit=off,lock_timeout=2s"; }));
  CHECK(set_on("bulk") == "jit=off,lock_timeout=2s");
  CHECK(PgClient(postgres().address("reporting")).run("SHOW jit") == "off");
  REQUIRE(eventually([&] {
    const auto metrics = get("/metrics");
    return metrics &&
           metrics->find("homeostat_stale_sessions{role=\"reporting\"} 1") != std::string::npos;
  }));
  CHECK_THAT(homeostat({"status", "--server", url()}).output,
             Contains("profile/contention  4 settings"));

  inject(0, 32);
  REQUIRE(eventually([&] { return set_on("reporting").empty(); }));
  CHECK(set_on("bulk") == "lock_timeout=9s");
  REQUIRE(eventually([&] { return quiet(); }));
}

TEST_CASE_METHOD(ProfileSite, "planner: what a DBA sets in between stays, and is told (H18)") {
  start_daemon();
  inject(28, 32);
  REQUIRE(eventually([&] { return set_on("bulk") == "jit=off,lock_timeout=2s"; }));
  postgres().sql("ALTER ROLE bulk IN DATABASE postgres SET lock_timeout = '30s'");
  REQUIRE(eventually([&] { return set_on("reporting").empty(); }));
  CHECK(set_on("bulk") == "lock_timeout=30s");
  const auto told = [&] {
    const auto now = status();
    for (const auto& alert : now.at("alerts")) {
      if (alert.at("labels").at("alertname") == "HomeostatForeignWrite") return alert.dump();
    }
    return std::string{};
  };
  REQUIRE(eventually([&] { return !told().empty(); }));
  CHECK_THAT(told(), Contains("lock_timeout of role bulk (now 30s)"));
  inject(0, 32);
  REQUIRE(eventually([&] { return quiet(); }));
  CHECK(set_on("bulk") == "lock_timeout=30s");
  CHECK(set_on("reporting").empty());
}

TEST_CASE_METHOD(ProfileSite, "planner: a reload changes the profile, also while it stands") {
  start_daemon();
  inject(28, 32);
  REQUIRE(eventually([&] { return set_on("bulk") == "jit=off,lock_timeout=2s"; }));
  profiles("lock_timeout: 3s");
  daemon().signal(SIGHUP);
  REQUIRE(eventually([&] { return log().find("reloaded") != std::string::npos; }));
  inject(0, 32);
  REQUIRE(eventually([&] { return quiet(); }));
  CHECK(set_on("bulk").empty());
  inject(28, 32);
  REQUIRE(eventually([&] { return set_on("bulk") == "lock_timeout=3s"; }));
}

TEST_CASE_METHOD(ProfileSite, "planner: kept while another breaker is open, given back with it") {
  write_policies(std::string(kPolicy) + kBreaker);
  start_daemon();
  inject("pg_blocked_ratio node/main 28/32\npg_lock_wait_max_seconds node/main 9\n");
  REQUIRE(eventually([&] { return set_on("bulk") == "jit=off,lock_timeout=2s"; }));
  REQUIRE(eventually([&] { return !allowed("monthly_report"); }));
  inject("pg_blocked_ratio node/main 0/32\npg_lock_wait_max_seconds node/main 9\n");
  REQUIRE(eventually([&] {
    const auto now = status();
    for (const auto& lever : now.at("levers")) {
      if (lever.at("held") == true) return true;
    }
    return false;
  }));
  CHECK(set_on("bulk") == "jit=off,lock_timeout=2s");
  CHECK_FALSE(allowed("monthly_report"));
  inject("pg_blocked_ratio node/main 0/32\npg_lock_wait_max_seconds node/main 0\n");
  REQUIRE(eventually([&] { return quiet(); }));
  CHECK(set_on("bulk").empty());
}

TEST_CASE_METHOD(ProfileSite, "planner: a lost right to give back is paged at once (H14)") {
  start_daemon();
  inject(28, 32);
  REQUIRE(eventually([&] { return set_on("bulk") == "jit=off,lock_timeout=2s"; }));
  postgres().sql(
      "REVOKE EXECUTE ON FUNCTION homeostat_roles.bulk(text, text) FROM homeostat_owner");
  const auto paged = [&] {
    return status().dump().find("HomeostatLeverRefused") != std::string::npos;
  };
  REQUIRE(eventually([&] { return paged(); }));
  CHECK_THAT(status().dump(),
             Contains("GRANT EXECUTE ON FUNCTION homeostat_roles.bulk(text, text)"));
  postgres().sql("GRANT EXECUTE ON FUNCTION homeostat_roles.bulk(text, text) TO homeostat_owner");
  REQUIRE(eventually([&] { return !paged(); }));
  inject(0, 32);
  REQUIRE(eventually([&] { return quiet(); }));
  CHECK(set_on("bulk").empty());
}

TEST_CASE_METHOD(ProfileSite, "planner: SIGTERM gives the profile back") {
  start_daemon();
  inject(28, 32);
  REQUIRE(eventually([&] { return set_on("bulk") == "jit=off,lock_timeout=2s"; }));
  daemon().signal(SIGTERM);
  CHECK(daemon().wait(std::chrono::seconds{20}) == 0);
  CHECK(set_on("bulk").empty());
  CHECK(set_on("reporting").empty());
}

TEST_CASE("planner: without profiles no wrappers are printed, and the policy only tells") {
  Site site;
  site.write_policies(kPolicy);
  site.rewrite_config();
  const auto printed = site.homeostat({"grants", "--actuator", "--config", site.config_path()});
  CHECK(printed.status == 0);
  CHECK_THAT(printed.output, !Contains("homeostat_roles"));
  const auto checked = site.homeostat({"check", site.config_path()});
  CHECK(checked.status == 0);
  CHECK_THAT(checked.output, Contains("lock-contention (alert, enforce)") &&
                                 Contains("the inventory declares no `profile/contention`"));
}

}  // namespace homeostat::testing
