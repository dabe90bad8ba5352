// SPDX-License-Identifier: Apache-2.0
// What doctor finds on a real server, whole and in each way half set up.
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>
#include <set>

#include "controller/cli/text/doctor_text.hpp"
#include "controller/loop/migrations.hpp"
#include "tests/controller/cli/practice.hpp"
#include "tests/support/alertmanager_server.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/grants.hpp"
#include "tests/support/pg_client.hpp"
#include "tests/support/postgres_cluster.hpp"
#include "tests/support/run.hpp"
#include "tests/support/scratch_directory.hpp"

namespace homeostat::doctor {
namespace {

using Catch::Matchers::Contains;
using testing::PostgresCluster;

bool has_failure(const std::vector<Finding>& findings) { return worst(findings) == Grade::fail; }

TEST_CASE("a server with both grants and the schema has nothing that fails") {
  const PostgresCluster cluster;
  Practice practice{cluster};
  const auto findings = practice.findings();
  INFO(text::doctor(findings));
  CHECK_FALSE(has_failure(findings));
  for (const auto& finding : findings) {
    CHECK((finding.grade == Grade::ok) == finding.advice.why.empty());
    CHECK((finding.grade == Grade::ok) == finding.advice.mend.empty());
  }
}

TEST_CASE("a monitor that lost pg_monitor is given the GRANT that mends it (H66)") {
  const PostgresCluster cluster;
  Practice practice{cluster};
  cluster.sql("REVOKE pg_monitor FROM homeostat_monitor");
  const auto finding = practice.find("node/main", "statistics");
  CHECK(finding.grade == Grade::fail);
  CHECK(finding.advice.mend ==
        "GRANT pg_monitor TO homeostat_monitor" + testing::inherited(cluster) + ";");
  cluster.sql(finding.advice.mend);
  CHECK(practice.find("node/main", "statistics").grade == Grade::ok);
}

TEST_CASE("members that inherit nothing are told from others, and given what mends it (H66)") {
  const PostgresCluster cluster;
  Practice practice{cluster};
  testing::inherit_nothing(cluster, "homeostat_monitor", "pg_monitor");
  testing::inherit_nothing(cluster, "homeostat_owner", "pg_read_all_stats");
  const auto monitor = practice.find("node/main", "statistics");
  CHECK(monitor.grade == Grade::fail);
  CHECK_THAT(monitor.found, Contains("inherits nothing"));
  const auto owner = practice.find("ledger", "privileges");
  CHECK(owner.grade == Grade::fail);
  CHECK_THAT(owner.found, Contains("homeostat_owner"));
  cluster.sql(monitor.advice.mend + owner.advice.mend);
  CHECK(practice.find("node/main", "statistics").grade == Grade::ok);
  CHECK(practice.find("ledger", "privileges").grade == Grade::ok);
}

TEST_CASE("a role that may not use the reserved connections is given its GRANT (H11)") {
  const PostgresCluster cluster{{{"max_connections", "20"}}};
  Practice practice{cluster};
  if (cluster.version() < 16) {
    std::puts("SKIPPED: reserved_connections came with PostgreSQL 16");
    return;
  }
  testing::inherit_nothing(cluster, "homeostat_monitor", "pg_use_reserved_connections");
  const auto finding = practice.find("node/main", "connections");
  CHECK(finding.grade == Grade::warn);
  CHECK_THAT(finding.found, Contains("may not use the reserved ones"));
  cluster.sql(finding.advice.mend);
  CHECK_THAT(practice.find("node/main", "connections").found,
             Contains("reserved_connections is 0"));
}

TEST_CASE("without roles both connections fail, and each names the grants that create its role") {
  const PostgresCluster cluster;
  Practice practice;
  practice.at("127.0.0.1", cluster.port());
  const auto monitor = practice.find("node/main", "connection");
  CHECK(monitor.grade == Grade::fail);
  CHECK_THAT(monitor.advice.mend, Contains("homeostat grants --monitor | psql"));
  const auto actuator = practice.find("ledger", "connection");
  CHECK(actuator.grade == Grade::fail);
  CHECK_THAT(actuator.advice.mend, Contains("homeostat grants --actuator | psql"));
}

TEST_CASE("while mode_ceiling is shadow, what the ledger lacks is a warning") {
  const PostgresCluster cluster;
  cluster.sql(std::string{sql::monitor_role});
  Practice practice;
  practice.at("127.0.0.1", cluster.port());
  practice.setup.config.mode_ceiling = Mode::shadow;
  CHECK_FALSE(has_failure(practice.findings()));
  CHECK(practice.find("ledger", "connection").grade == Grade::warn);
  practice.setup.config.ledger.reset();
  CHECK(practice.find("ledger", "none").grade == Grade::ok);
}

TEST_CASE("a wrong password is told from a server that is not there") {
  PostgresCluster cluster;
  Practice practice{cluster};
  cluster.sql(
      "ALTER ROLE homeostat_monitor PASSWORD 'right'; "
      "GRANT with_password TO homeostat_monitor");
  const auto file = cluster.secret_file("monitor.password", "wrong\n");
  practice.setup.config.nodes[0].password_file = file;
  const auto wrong = practice.find("node/main", "connection");
  CHECK(wrong.grade == Grade::fail);
  CHECK_THAT(wrong.advice.mend, Contains("\\password homeostat_monitor") && Contains(file));
  CHECK_THAT(wrong.found + wrong.advice.mend, !Contains("'wrong'"));
  cluster.stop();
  const auto gone = practice.find("node/main", "connection");
  CHECK(gone.grade == Grade::fail);
  CHECK_THAT(gone.advice.mend, Contains("pg_isready"));
}

TEST_CASE("roles without the schema, and the schema without tables, are told what to run") {
  const PostgresCluster cluster;
  cluster.sql(testing::grants());
  Practice practice;
  practice.at("127.0.0.1", cluster.port());
  const auto empty = practice.find("ledger", "schema");
  CHECK(empty.grade == Grade::fail);
  CHECK_THAT(empty.advice.mend, Contains("homeostat migrate --config homeostat.yaml"));
  cluster.sql("DROP SCHEMA homeostat");
  const auto none = practice.find("ledger", "schema");
  CHECK(none.grade == Grade::fail);
  CHECK_THAT(none.advice.mend, Contains("homeostat grants --actuator") && Contains("migrate"));
  cluster.sql(testing::grants() + migration_script());
  cluster.sql("DELETE FROM homeostat.schema_version WHERE number > 1");
  const auto old = practice.find("ledger", "schema");
  CHECK(old.grade == Grade::fail);
  CHECK_THAT(old.found, Contains("version 1"));
}

TEST_CASE("grants half given are listed as SQL, giving back apart from acting (H14)") {
  const PostgresCluster cluster;
  Practice practice{cluster};
  cluster.sql(
      "DO $$ DECLARE f regprocedure; BEGIN "
      "FOR f IN SELECT oid FROM pg_proc WHERE proname IN ('feature_revert', 'feature_apply')"
      " LOOP EXECUTE 'REVOKE EXECUTE ON FUNCTION ' || f || ' FROM homeostat_actuator'; "
      "END LOOP; END $$; REVOKE SELECT ON homeostat.act FROM homeostat_actuator");
  const auto revert = practice.find("ledger", "revert");
  CHECK(revert.grade == Grade::fail);
  CHECK_THAT(revert.advice.mend, Contains("feature_revert(") && !Contains("feature_apply"));
  const auto act = practice.find("ledger", "privileges");
  CHECK(act.grade == Grade::fail);
  CHECK_THAT(act.advice.mend, Contains("feature_apply(") &&
                                  Contains("GRANT SELECT ON homeostat.act TO homeostat_actuator;"));
  cluster.sql(revert.advice.mend + act.advice.mend);
  CHECK_FALSE(has_failure(practice.findings()));
}

TEST_CASE("doctor asks for every function that a migration grants to the actuator") {
  const PostgresCluster cluster;
  Practice practice{cluster};
  const auto revoked = cluster.sql(
      "DO $$ DECLARE f regprocedure; BEGIN FOR f IN SELECT oid FROM pg_proc WHERE "
      "pronamespace = 'homeostat'::regnamespace AND proname <> 'allowed' LOOP "
      "EXECUTE 'REVOKE EXECUTE ON FUNCTION ' || f || ' FROM homeostat_actuator'; "
      "END LOOP; END $$; SELECT 1");
  CHECK(revoked == "1");
  cluster.sql("REVOKE SELECT ON ALL TABLES IN SCHEMA homeostat FROM homeostat_actuator");
  const auto act = practice.find("ledger", "privileges");
  const auto revert = practice.find("ledger", "revert");
  cluster.sql(act.advice.mend + revert.advice.mend);
  const std::string granted =
      "SELECT string_agg(f, ' ' ORDER BY f) FROM (SELECT oid::regprocedure::text FROM "
      "pg_proc WHERE pronamespace = 'homeostat'::regnamespace AND proname <> 'allowed' "
      "AND has_function_privilege('homeostat_actuator', oid, 'EXECUTE') UNION ALL "
      "SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'homeostat'::regnamespace AND "
      "has_table_privilege('homeostat_actuator', oid, 'SELECT')) g(f)";
  const PostgresCluster fresh;
  const Practice other{fresh};
  CHECK(cluster.sql(granted) == fresh.sql(granted));
}

TEST_CASE("the roles behind each profile are looked at, and the command that mends it is given") {
  PostgresCluster cluster;
  Practice practice{cluster};
  cluster.create_role("reporting");
  cluster.create_role("bulk");
  practice.setup.config.profiles = {{"contention", {"reporting", "bulk"}, {{"jit", "off"}}}};
  const auto bare = practice.find("ledger", "profiles");
  CHECK(bare.grade == Grade::fail);
  CHECK_THAT(bare.found, Contains("profile contention") && Contains("wrapper"));
  CHECK_THAT(bare.advice.mend, Contains("homeostat grants --actuator --config homeostat.yaml"));
  cluster.sql(planner_roles_script({"reporting", "bulk"}));
  CHECK(practice.find("ledger", "profiles").grade == Grade::ok);
  cluster.sql("ALTER ROLE bulk SUPERUSER");
  CHECK_THAT(practice.find("ledger", "profiles").found, Contains("role bulk is a superuser"));
  practice.setup.config.profiles[0].roles = {"reporting", "nobody"};
  CHECK_THAT(practice.find("ledger", "profiles").found, Contains("'nobody' does not exist"));
}

TEST_CASE("the roles whose sessions may be ended are looked at too") {
  PostgresCluster cluster;
  Practice practice{cluster};
  cluster.create_role("bulk");
  practice.setup.config.sessions = {{"batch", {"bulk"}}};
  const auto bare = practice.find("ledger", "sessions");
  CHECK(bare.grade == Grade::fail);
  CHECK_THAT(bare.found, Contains("sessions batch: role bulk has no wrapper"));
  CHECK_THAT(bare.advice.mend, Contains("homeostat grants --actuator --config homeostat.yaml"));
  cluster.sql(session_roles_script({"bulk"}));
  CHECK(practice.find("ledger", "sessions").grade == Grade::ok);
  cluster.sql("ALTER ROLE bulk REPLICATION");
  CHECK_THAT(practice.find("ledger", "sessions").found, Contains("role bulk may replicate"));
}

TEST_CASE("an owner that cannot tell sessions apart is given its GRANT") {
  const PostgresCluster cluster;
  Practice practice{cluster};
  cluster.sql("REVOKE pg_read_all_stats FROM homeostat_owner");
  const auto finding = practice.find("ledger", "privileges");
  CHECK(finding.grade == Grade::fail);
  CHECK(finding.advice.mend ==
        "GRANT pg_read_all_stats TO homeostat_owner" + testing::inherited(cluster) + ";");
}

TEST_CASE("a foreign session that holds the leader's key is named (H54)") {
  const PostgresCluster cluster;
  Practice practice{cluster};
  CHECK_THAT(practice.find("ledger", "lease").found, Contains("nobody leads"));
  testing::PgClient foreign{cluster.address("postgres")};
  foreign.run("SELECT pg_advisory_lock(homeostat.lease_key())");
  const auto finding = practice.find("ledger", "lease");
  CHECK(finding.grade == Grade::fail);
  CHECK_THAT(finding.found, Contains("role postgres") && Contains(std::to_string(foreign.pid())));
}

TEST_CASE("who leads is named, and features that it did not register are") {
  const PostgresCluster cluster;
  Practice practice{cluster};
  testing::PgClient leader{cluster.address("homeostat_actuator")};
  leader.run("SELECT ours FROM homeostat.hold_lease('elsewhere:1', 60000000)");
  CHECK_THAT(practice.find("ledger", "lease").found, Contains("elsewhere:1 leads (epoch 1)"));
  const auto features = practice.find("ledger", "features");
  CHECK(features.grade == Grade::warn);
  CHECK_THAT(features.found, Contains("monthly_report"));
}

TEST_CASE("a role of ours that may do too much fails, whichever it is") {
  const PostgresCluster cluster;
  Practice practice{cluster};
  cluster.sql(
      "ALTER ROLE homeostat_monitor SUPERUSER; "
      "ALTER ROLE homeostat_actuator CREATEROLE; "
      "GRANT pg_write_server_files TO homeostat_actuator");
  CHECK_THAT(practice.find("node/main", "role").found, Contains("superuser"));
  const auto actuator = practice.find("ledger", "role");
  CHECK(actuator.grade == Grade::fail);
  cluster.sql(actuator.advice.mend);
  CHECK(practice.find("ledger", "role").grade == Grade::ok);
  cluster.sql(testing::grants());
  CHECK(practice.find("node/main", "role").grade == Grade::ok);
}

TEST_CASE("a server that records no activity fails, one without counts is a warning") {
  PostgresCluster cluster;
  Practice practice{cluster};
  cluster.reload("track_counts", "off");
  CHECK(practice.find("node/main", "statistics").grade == Grade::warn);
  cluster.reload("track_activities", "off");
  CHECK(practice.find("node/main", "statistics").grade == Grade::fail);
}

TEST_CASE("a server with no connection to spare is a warning (H11)") {
  PostgresCluster cluster{{{"max_connections", "6"}}};
  Practice practice{cluster};
  CHECK(practice.find("node/main", "connections").grade == Grade::warn);
}

TEST_CASE("a standby is measured, and is refused as home of the ledger") {
  PostgresCluster cluster;
  Practice practice{cluster};
  cluster.stop();
  std::ofstream signal{cluster.socket_directory() + "/data/standby.signal"};
  signal.close();
  cluster.start();
  CHECK_THAT(practice.find("node/main", "identity").found, Contains("a standby"));
  const auto finding = practice.find("ledger", "primary");
  CHECK(finding.grade == Grade::fail);
}

TEST_CASE("with what doctor advises, a statement whose client has gone stops waiting") {
  const PostgresCluster cluster;
  Practice practice{cluster};
  const auto finding = practice.find("node/main", "abandoned");
  CHECK(finding.grade == Grade::warn);
  const auto cut = finding.advice.mend.find("; ");
  REQUIRE(cut != std::string::npos);
  cluster.sql(finding.advice.mend.substr(0, cut));
  cluster.sql(finding.advice.mend.substr(cut + 2));
  REQUIRE(testing::eventually(
      [&] { return practice.find("node/main", "abandoned").grade == Grade::ok; }));

  cluster.sql("CREATE TABLE hot (n int); INSERT INTO hot VALUES (1)");
  testing::PgClient holder{cluster.address("postgres")};
  holder.run("BEGIN; UPDATE hot SET n = 2");
  const auto waiting = [&] {
    return cluster.sql(
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'UPDATE hot SET n = 3%' AND "
        "wait_event_type = 'Lock'");
  };
  {
    boost::asio::io_context io;
    pg::SessionSettings patient;
    patient.statement_timeout = std::chrono::hours{1};
    patient.lock_timeout = std::chrono::hours{1};
    pg::Session client{io.get_executor(), cluster.address("postgres"), patient};
    REQUIRE(testing::run_coroutine(io, client.connect(std::chrono::seconds{60})).has_value());
    const auto given_up = testing::run_coroutine(
        io, client.query("UPDATE hot SET n = 3", {}, std::chrono::seconds{1}));
    CHECK_FALSE(given_up.has_value());
  }
  CHECK(testing::eventually([&] { return waiting() == "0"; }));
  holder.run("ROLLBACK");
  CHECK(cluster.sql("SELECT n FROM hot") == "1");
}

TEST_CASE("every Alertmanager is asked, and the one that is not there is named") {
  const PostgresCluster cluster;
  Practice practice{cluster};
  const testing::AlertmanagerServer ready;
  const auto nobody = "http://127.0.0.1:" + std::to_string(testing::free_port());
  practice.setup.config.alertmanagers = {ready.url(), nobody};
  std::set<Grade> grades;
  for (const auto& finding : practice.findings()) {
    if (finding.about == "alertmanager") grades.insert(finding.grade);
  }
  CHECK(grades == std::set<Grade>{Grade::ok, Grade::fail});
  CHECK_THAT(practice.find("alertmanager", "ready").found, Contains(nobody));
}

TEST_CASE("a port that something else serves fails, a journal nobody can write does") {
  const PostgresCluster cluster;
  Practice practice{cluster};
  practice.setup.config.journal_path = practice.scratch.path() + "/nowhere/journal.db";
  const auto journal = practice.find("journal", "path");
  CHECK(journal.grade == Grade::fail);
  practice.setup.config.listen_port = cluster.port();
  const auto http = practice.find("http", "port");
  CHECK(http.grade == Grade::fail);
  CHECK_THAT(http.found, Contains(std::to_string(cluster.port())));
}

}  // namespace
}  // namespace homeostat::doctor
