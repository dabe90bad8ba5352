// SPDX-License-Identifier: Apache-2.0
// Sessions that are ended by the real daemon: a real blocker, a real waiter.
#include <catch2/catch.hpp>

#include "tests/integration/site.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/pg_client.hpp"

namespace homeostat::testing {
namespace {

using Catch::Matchers::Contains;

constexpr const char* kPolicy = R"(version: 1
policy: idle-blockers
kind: breaker
mode: enforce
open: {signal: pg_lock_wait_max_seconds, above: 1, for_samples: 1, clear_below: 0.5}
ladder:
  - {lever: end_session, target: sessions/batch}
alert: {severity: warning}
)";

/// An open transaction over a row, and a critical one that waits for it.
struct Blockade {
  Blockade(Site& site, const std::string& role, const std::string& row)
      : holder{site.postgres().address(role)}, waiter{site.postgres().address("critical")} {
    const auto update = "UPDATE item SET id = id WHERE id = " + row;
    holder.run("BEGIN; " + update);
    waiter.send(update);
  }
  PgClient holder;
  PgClient waiter;
};

}  // namespace

TEST_CASE("end_session: a named role's idle blocker is ended, an unnamed one's is left alone") {
  Site site;
  auto& postgres = site.postgres();
  for (const auto* role : {"batch", "reporting", "critical"}) postgres.create_role(role);
  postgres.sql(
      "CREATE TABLE item (id integer PRIMARY KEY); INSERT INTO item VALUES (1), (2);"
      "GRANT SELECT, UPDATE ON item TO PUBLIC");
  site.write_policies(kPolicy);
  site.inventory("  sessions: {batch: {roles: [batch], idle_for: 5s}}");
  site.rewrite_config();
  const auto printed = site.homeostat({"grants", "--actuator", "--config", site.config_path()});
  REQUIRE(printed.status == 0);
  postgres.sql(printed.output);

  site.start_daemon();
  Blockade unnamed(site, "reporting", "1");
  Blockade named(site, "batch", "2");
  CHECK(named.waiter.finish());  // it had to wait, and has its row
  CHECK_THROWS(named.holder.run("SELECT 1"));
  REQUIRE(eventually([&] {
    return site.log().find("ended 1 session of batch, 1 of 5 this hour") != std::string::npos;
  }));
  CHECK_THAT(site.homeostat({"history", "--server", site.url()}).output,
             Contains("ended 1 session of batch"));
  CHECK(postgres.sql("SELECT role FROM homeostat.ended_session") == "batch");

  // Renewed since, with somebody in the way all the time.
  const auto renewed = postgres.sql("SELECT expires_at FROM homeostat.lever");
  REQUIRE(eventually(
      [&] { return postgres.sql("SELECT expires_at FROM homeostat.lever") != renewed; }));
  CHECK(unnamed.holder.run("SELECT 1") == "1");
  unnamed.holder.run("COMMIT");
  CHECK(unnamed.waiter.finish());
  REQUIRE(
      eventually([&] { return postgres.sql("SELECT status FROM homeostat.lever") == "reverted"; }));
}

TEST_CASE("end_session: without sessions in the inventory a policy that names some is refused") {
  Site site;
  site.write_policies(kPolicy);
  const auto checked = site.homeostat({"check", site.config_path()});
  CHECK(checked.status == 1);
  CHECK_THAT(checked.output,
             Contains("the inventory has no target for lever `end_session`; declare it "
                      "as `inventory.sessions.batch`"));
}

}  // namespace homeostat::testing
