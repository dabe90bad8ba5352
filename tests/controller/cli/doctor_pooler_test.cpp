// SPDX-License-Identifier: Apache-2.0
// What doctor finds of PgBouncer: between us and the server, and beside a zone.
#include <catch2/catch.hpp>

#include "tests/controller/cli/practice.hpp"
#include "tests/support/pg_client.hpp"
#include "tests/support/pgbouncer_server.hpp"

namespace homeostat::doctor {
namespace {

using Catch::Matchers::Contains;
using testing::PostgresCluster;

TEST_CASE("a ledger without the pooler's options in force waits for standbys and says so (H62)") {
  PostgresCluster cluster;
  Practice practice{cluster};
  cluster.sql("ALTER ROLE homeostat_actuator RESET synchronous_commit");
  cluster.reload("synchronous_standby_names", "nobody");
  CHECK(practice.find("ledger", "commit").grade == Grade::ok);
  const testing::PgBouncerServer bouncer{cluster, testing::kIgnoresOptions};
  practice.at("127.0.0.1", bouncer.port());
  const auto finding = practice.find("ledger", "commit");
  CHECK(finding.grade == Grade::fail);
  CHECK(finding.advice.mend == "ALTER ROLE homeostat_actuator SET synchronous_commit = 'local';");
}

TEST_CASE("PgBouncer in transaction mode is named, for the probe and for the ledger") {
  const PostgresCluster cluster;
  Practice practice{cluster};
  const testing::PgBouncerServer bouncer{cluster, testing::kIgnoresOptions};
  practice.at("127.0.0.1", bouncer.port());
  const auto probe = practice.find("node/main", "pooler");
  CHECK(probe.grade == Grade::warn);
  CHECK_THAT(probe.found, Contains("PgBouncer in transaction mode"));
  const auto ledger = practice.find("ledger", "pooler");
  CHECK(ledger.grade == Grade::fail);
  CHECK_THAT(ledger.found, Contains("PgBouncer in transaction mode"));
  CHECK_THAT(ledger.advice.why, Contains("must go direct"));
  CHECK_THAT(ledger.advice.mend, Contains("127.0.0.1:" + std::to_string(cluster.port())));
}

TEST_CASE("PgBouncer in session mode is named too, and refusing our options gives it away") {
  const PostgresCluster cluster;
  Practice practice{cluster};
  const testing::PgBouncerServer session{
      cluster, std::string{testing::kIgnoresOptions} + "pool_mode = session\n"};
  practice.at("127.0.0.1", session.port());
  const auto held = practice.find("ledger", "pooler");
  CHECK(held.grade == Grade::fail);
  CHECK_THAT(held.found, Contains("PgBouncer stands between"));
  const testing::PgBouncerServer installed{cluster};
  practice.at("127.0.0.1", installed.port());
  for (const auto* about : {"node/main", "ledger"}) {
    const auto finding = practice.find(about, "pooler");
    CHECK(finding.grade == Grade::fail);
    CHECK_THAT(finding.found, Contains("PgBouncer answers at 127.0.0.1:"));
  }
}

TEST_CASE("a zone's PgBouncer processes are asked: there, may SET, and with the zone's pool") {
  const PostgresCluster cluster;
  Practice practice{cluster};
  const testing::PgBouncerServer bouncer{cluster, "default_pool_size = 20\n"};
  PoolerConfig front;
  front.name = "front";
  front.host = "127.0.0.1";
  front.port = bouncer.port();
  front.user = "postgres";
  front.sslmode = "disable";
  front.database = "postgres";
  const auto with = [&](const PoolerConfig& process) {
    practice.setup.config.zones = {{"main", "main", {process}}};
  };
  with(front);
  CHECK(practice.find("pgbouncer/front", "connection").grade == Grade::ok);
  CHECK(practice.find("pgbouncer/front", "admin").grade == Grade::ok);
  // Every name leads to the server, and none was used yet.
  CHECK(practice.find("pgbouncer/front", "pool").grade == Grade::warn);
  testing::PgClient{bouncer.address("homeostat_owner")}.run("SELECT 1");
  CHECK_THAT(practice.find("pgbouncer/front", "pool").found,
             Contains("database postgres, default_pool_size 20"));
  CHECK(bouncer.default_pool_size() == 20);

  auto nobody = front;
  nobody.port = 1;
  with(nobody);
  CHECK(practice.find("pgbouncer/front", "connection").grade == Grade::fail);
  // One that was limited, and is not named any more.
  cluster.sql(
      "INSERT INTO homeostat.pool_size (process, zone, before, stood, asked) VALUES "
      "('10.0.0.9:6432', 'main', 20, 20, 7)");
  const auto left = practice.find("ledger", "pools");
  CHECK(left.grade == Grade::warn);
  CHECK_THAT(left.advice.mend, Contains("SET default_pool_size = 20;"));
}

}  // namespace
}  // namespace homeostat::doctor
