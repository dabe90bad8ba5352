// SPDX-License-Identifier: Apache-2.0
#include "controller/loop/migrations.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "tests/support/grants.hpp"
#include "tests/support/ledger_bench.hpp"
#include "tests/support/pg_client.hpp"
#include "tests/support/postgres_cluster.hpp"
#include "tests/support/run.hpp"

namespace homeostat {
namespace {

using Catch::Matchers::Contains;
using testing::migrate_as;

struct Prepared {
  Prepared() { cluster.sql(testing::grants()); }
  testing::PostgresCluster cluster;
};

TEST_CASE_METHOD(Prepared, "migrations are applied once, and a second run changes nothing") {
  const auto first = migrate_as(cluster, "homeostat_owner");
  REQUIRE(first.has_value());
  CHECK(first->applied.size() == static_cast<std::size_t>(known_schema_version()));
  CHECK(first->version == known_schema_version());
  const auto rows =
      "SELECT string_agg(v::text, ';' ORDER BY number) FROM homeostat.schema_version v";
  const auto before = cluster.sql(rows);

  const auto second = migrate_as(cluster, "homeostat_owner");
  REQUIRE(second.has_value());
  CHECK(second->applied.empty());
  CHECK(second->version == known_schema_version());
  CHECK(cluster.sql(rows) == before);
}

TEST_CASE_METHOD(Prepared, "a migration whose recorded checksum differs is refused by name") {
  REQUIRE(migrate_as(cluster, "homeostat_owner").has_value());
  cluster.sql("UPDATE homeostat.schema_version SET checksum = 'other' WHERE number = 2");
  const auto again = migrate_as(cluster, "homeostat_owner");
  REQUIRE_FALSE(again.has_value());
  CHECK(again.error().code == ErrorCode::refused);
  CHECK_THAT(again.error().context, Contains("0002_ledger") && Contains("another text"));
}

TEST_CASE_METHOD(Prepared, "a schema newer than this binary is refused") {
  REQUIRE(migrate_as(cluster, "homeostat_owner").has_value());
  cluster.sql("INSERT INTO homeostat.schema_version VALUES (999, '0999_future', 'x')");
  const auto again = migrate_as(cluster, "homeostat_owner");
  REQUIRE_FALSE(again.has_value());
  CHECK_THAT(again.error().context, Contains("0999_future") && Contains("older"));
}

TEST_CASE_METHOD(Prepared,
                 "a migration that fails leaves nothing of itself, those before it stay") {
  // In the way of the last table of 0002.
  cluster.sql("SET ROLE homeostat_owner; CREATE TABLE homeostat.policy_state ()");
  const auto failed = migrate_as(cluster, "homeostat_owner");
  REQUIRE_FALSE(failed.has_value());
  CHECK_THAT(failed.error().context, Contains("0002_ledger") && Contains("already exists"));
  CHECK(cluster.sql("SELECT max(number) FROM homeostat.schema_version") == "1");
  CHECK(cluster.sql("SELECT to_regclass('homeostat.lever') IS NULL") == "t");

  cluster.sql("DROP TABLE homeostat.policy_state");
  const auto repaired = migrate_as(cluster, "homeostat_owner");
  REQUIRE(repaired.has_value());
  CHECK(repaired->applied.size() == static_cast<std::size_t>(known_schema_version() - 1));
}

TEST_CASE_METHOD(Prepared, "the printed script is what a run applies") {
  cluster.sql(migration_script());
  const auto run = migrate_as(cluster, "homeostat_owner");
  REQUIRE(run.has_value());
  CHECK(run->applied.empty());
}

TEST_CASE_METHOD(Prepared, "while one migration is under way a second is refused") {
  testing::PgClient other{cluster.address()};
  other.run("SELECT pg_advisory_lock(hashtextextended('homeostat migrate', 0))");
  const auto run = migrate_as(cluster, "homeostat_owner");
  REQUIRE_FALSE(run.has_value());
  CHECK_THAT(run.error().context, Contains("under way"));
}

TEST_CASE_METHOD(Prepared, "a superuser migrates as the owner, so that no function runs as one") {
  REQUIRE(migrate_as(cluster, "postgres").has_value());
  CHECK(cluster.sql("SELECT count(*) FROM pg_class WHERE relnamespace = 'homeostat'::regnamespace "
                    "AND relowner <> 'homeostat_owner'::regrole") == "0");
  CHECK(cluster.sql("SELECT count(*) FROM pg_proc WHERE pronamespace = 'homeostat'::regnamespace "
                    "AND proowner <> 'homeostat_owner'::regrole") == "0");
  CHECK(cluster.sql("SELECT count(*) > 10 FROM pg_proc "
                    "WHERE pronamespace = 'homeostat'::regnamespace") == "t");
}

TEST_CASE_METHOD(
    Prepared,
    "every function pins its search path, PUBLIC may call what applications and wrappers ask") {
  REQUIRE(migrate_as(cluster, "homeostat_owner").has_value());
  CHECK(cluster.sql("SELECT coalesce(string_agg(proname, ' '), 'none') FROM pg_proc "
                    "WHERE pronamespace = 'homeostat'::regnamespace AND NOT coalesce(proconfig "
                    "@> '{\"search_path=pg_catalog, homeostat, pg_temp\"}', false)") == "none");
  cluster.create_role("stranger");
  CHECK(
      cluster.sql("SELECT string_agg(proname, ' ' ORDER BY proname) FROM pg_proc "
                  "WHERE pronamespace = 'homeostat'::regnamespace "
                  "AND has_function_privilege('stranger', oid, 'EXECUTE')") ==
      "admit allowed batch_window counter_slots role_setting_problem route route_all route_shard");
}

TEST_CASE("the roles can be created twice and none of them is more than it needs") {
  testing::PostgresCluster cluster;
  cluster.sql("CREATE ROLE homeostat_monitor SUPERUSER REPLICATION BYPASSRLS");
  cluster.sql(testing::grants());
  const std::string standing =
      "SELECT (SELECT string_agg(r::text, ' ' ORDER BY rolname) FROM pg_roles r "
      "WHERE rolname LIKE 'homeostat%') || (SELECT string_agg(s::text, ' ' ORDER BY setrole) "
      "FROM pg_db_role_setting s) || (SELECT datacl::text FROM pg_database "
      "WHERE datname = current_database()) || (SELECT string_agg(m::text, ' ' ORDER BY m::text) "
      "FROM pg_auth_members m)";
  const auto once = cluster.sql(standing);
  cluster.sql(testing::grants());
  CHECK(cluster.sql(standing) == once);
  CHECK(
      cluster.sql("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'homeostat%' AND "
                  "(rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls OR "
                  "rolcanlogin = (rolname = 'homeostat_operator') OR rolconnlimit < 0)") == "0");
  CHECK(cluster.sql("SELECT string_agg(g.rolname || '<' || r.rolname, ' ' "
                    "ORDER BY g.rolname, r.rolname) "
                    "FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member "
                    "JOIN pg_roles g ON g.oid = m.roleid WHERE r.rolname LIKE 'homeostat%' "
                    "AND g.rolname <> 'pg_use_reserved_connections'") ==
        "pg_monitor<homeostat_monitor pg_read_all_stats<homeostat_owner");
  testing::PgClient monitor{cluster.address("homeostat_monitor")};
  CHECK(monitor.run("SHOW default_transaction_read_only") == "on");
  CHECK(monitor.run("SELECT pg_has_role('pg_read_all_stats', 'USAGE')") == "t");
}

TEST_CASE("the roles' script run again sets what it names anew and leaves everything else") {
  testing::PostgresCluster cluster;
  cluster.sql(testing::grants());
  cluster.sql(
      "ALTER ROLE homeostat_monitor PASSWORD 'x' CONNECTION LIMIT 1 VALID UNTIL '2100-01-01';"
      "ALTER ROLE homeostat_monitor SET lock_timeout = '9s';"
      "ALTER ROLE homeostat_monitor SET work_mem = '1MB';"
      "REVOKE pg_read_all_stats FROM homeostat_monitor, homeostat_owner");
  const auto untouched =
      "SELECT rolpassword || rolvaliduntil FROM pg_authid WHERE rolname = 'homeostat_monitor'";
  const auto before = cluster.sql(untouched);
  cluster.sql(testing::grants());
  CHECK(cluster.sql(untouched) == before);
  CHECK(cluster.sql("SELECT rolconnlimit FROM pg_roles WHERE rolname = 'homeostat_monitor'") ==
        "10");
  CHECK(cluster.sql("SELECT rolconfig @> '{lock_timeout=500ms,work_mem=1MB}' FROM pg_roles "
                    "WHERE rolname = 'homeostat_monitor'") == "t");
  CHECK(cluster.sql("SELECT pg_has_role('homeostat_owner', 'pg_read_all_stats', 'USAGE')") == "t");
}

TEST_CASE("the actuator's grants without the monitor's say which come first, and change nothing") {
  testing::PostgresCluster cluster;
  CHECK_THROWS_WITH(cluster.sql(std::string{sql::actuator_roles}),
                    Contains("homeostat grants --monitor"));
  CHECK(cluster.sql("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'homeostat%'") == "0");
}

TEST_CASE("without the roles a migration says what to run first") {
  testing::PostgresCluster cluster;
  const auto run = migrate_as(cluster, "postgres");
  REQUIRE_FALSE(run.has_value());
  CHECK_THAT(run.error().context, Contains("homeostat grants --actuator"));
}

}  // namespace
}  // namespace homeostat
