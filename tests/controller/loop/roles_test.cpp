// SPDX-License-Identifier: Apache-2.0
// What the grants give, and to whom, by the rules of each version. From PostgreSQL 16 on a
// membership may be one that inherits nothing, or one that may not become the role.
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <cstdio>
#include <memory>
#include <vector>

#include "controller/loop/migrations.hpp"
#include "tests/support/grants.hpp"
#include "tests/support/ledger_bench.hpp"
#include "tests/support/pg_client.hpp"
#include "tests/support/run.hpp"

namespace homeostat {
namespace {

using Catch::Matchers::Contains;
using testing::migrate_as;
using testing::PostgresCluster;

std::string uses(const PostgresCluster& cluster, const std::string& role, const std::string& of) {
  return cluster.sql("SELECT pg_has_role('" + role + "', '" + of + "', 'USAGE')");
}

/// A role that makes roles and owns the database, as clouds give one in place of a superuser.
testing::PgClient installer(PostgresCluster& cluster) {
  cluster.create_role("installer", "CREATEROLE CREATEDB");
  cluster.sql("ALTER DATABASE postgres OWNER TO installer");
  return testing::PgClient{cluster.address("installer")};
}

TEST_CASE("the grants run again mend a member that inherits nothing (H66)") {
  const PostgresCluster cluster;
  cluster.sql(testing::grants());
  testing::inherit_nothing(cluster, "homeostat_monitor", "pg_monitor");
  testing::inherit_nothing(cluster, "homeostat_owner", "pg_read_all_stats");
  REQUIRE(uses(cluster, "homeostat_monitor", "pg_read_all_stats") == "f");
  REQUIRE(uses(cluster, "homeostat_owner", "pg_read_all_stats") == "f");
  cluster.sql(testing::grants());
  CHECK(uses(cluster, "homeostat_monitor", "pg_read_all_stats") == "t");
  CHECK(uses(cluster, "homeostat_owner", "pg_read_all_stats") == "t");
}

TEST_CASE("who makes roles and is no superuser runs none of the grants, and leaves nothing") {
  PostgresCluster cluster;
  auto client = installer(cluster);
  CHECK_THROWS_WITH(client.run(std::string{sql::monitor_role}),
                    Contains("superuser", Catch::CaseSensitive::No));
  client.run("ROLLBACK");
  CHECK(cluster.sql("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'homeostat%'") == "0");

  cluster.sql(testing::grants() + migration_script());
  cluster.create_role("reporting");
  CHECK_THROWS_WITH(client.run(planner_roles_script({"reporting"})), Contains("reporting"));
  client.run("ROLLBACK");
  CHECK(cluster.sql("SELECT to_regnamespace('homeostat_roles') IS NULL") == "t");
}

TEST_CASE("who may become the owner migrates, who may not is told what is missing") {
  PostgresCluster cluster;
  cluster.sql(testing::grants());
  cluster.create_role("deployer");
  if (cluster.version() >= 16) cluster.sql("GRANT homeostat_owner TO deployer WITH SET FALSE");
  const auto refused = migrate_as(cluster, "deployer");
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::missing_privilege);
  CHECK_THAT(refused.error().context, Contains("GRANT homeostat_owner TO"));
  cluster.sql(cluster.version() >= 16 ? "GRANT homeostat_owner TO deployer WITH SET TRUE"
                                      : "GRANT homeostat_owner TO deployer");
  CHECK(migrate_as(cluster, "deployer").has_value());
  CHECK(cluster.sql("SELECT count(*) FROM pg_class WHERE relnamespace = 'homeostat'::regnamespace "
                    "AND relowner <> 'homeostat_owner'::regrole") == "0");
}

TEST_CASE("with the server's connections used up monitor and actuator still get in (H11)") {
  PostgresCluster cluster{{{"max_connections", "12"}, {"max_wal_senders", "0"}}};
  if (cluster.version() < 16) {
    std::puts("SKIPPED: reserved_connections came with PostgreSQL 16");
    return;
  }
  cluster.sql(testing::grants());
  cluster.sql("ALTER SYSTEM SET reserved_connections = 4");
  cluster.restart();
  cluster.create_role("app");
  std::vector<std::unique_ptr<testing::PgClient>> crowd;
  const auto one_more = [&] {
    crowd.push_back(std::make_unique<testing::PgClient>(cluster.address("app")));
  };
  for (int i = 0; i < 12 - 4 - 3; ++i) one_more();
  CHECK_THROWS_WITH(one_more(), Contains("reserved"));
  CHECK_NOTHROW(testing::PgClient{cluster.address("homeostat_monitor")}.run("SELECT 1"));
  CHECK_NOTHROW(testing::PgClient{cluster.address("homeostat_actuator")}.run("SELECT 1"));
}

}  // namespace
}  // namespace homeostat
