// SPDX-License-Identifier: Apache-2.0
// Deadlocks over nodes, counted in the log of a real server; on a real Citus cluster, real ones.
#include "probes/citus_deadlocks.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "sql/embedded.hpp"
#include "tests/probes/citus_watch.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/pg_client.hpp"

namespace homeostat::testing {
namespace {

using Catch::Matchers::Contains;

const Settings kOwnLog{{"logging_collector", "on"}, {"log_min_error_statement", "panic"}};

// A plain server whose log says what Citus' would.
struct LogBench {
  explicit LogBench(const Settings& settings = kOwnLog) : server{settings} {
    server.create_role("homeostat_monitor", "IN ROLE pg_monitor");
  }
  void grant() { server.sql(std::string{sql::deadlock_log}); }
  /// The name of the file that is written no longer.
  std::string rotate() {
    const auto file = server.sql("SELECT pg_current_logfile()");
    server.sql("SELECT pg_sleep(1.1)");  // names have seconds in them
    server.sql("SELECT pg_rotate_logfile()");
    REQUIRE(eventually([&] { return server.sql("SELECT pg_current_logfile()") != file; }));
    return file;
  }
  void happens(int times) {
    for (int i = 0; i < times; ++i) {
      server.sql(
          "DO $$ BEGIN RAISE LOG 'canceling the transaction since it was involved in a distributed "
          "deadlock'; END $$");
    }
  }
  Reading read(Duration later = std::chrono::seconds{60}, Duration deadline = kWhile) {
    now += later;
    if (!run_coroutine(io, node.introduce(now, kWhile)).has_value()) FAIL("not connected");
    run_coroutine(io, deadlocks.read(node, now, deadline));
    Reading reading;
    deadlocks.add(now, reading);
    return reading;
  }
  double count() { return value_in(read(), "citus_deadlocks_total"); }
  std::string why_unknown() {
    const auto reading = read();
    CHECK(sample_of(reading, "citus_deadlocks_total").reason == AbsentReason::never_sampled);
    return note(reading, "deadlocks_unknown");
  }

  PostgresCluster server;
  boost::asio::io_context io;
  CitusNode node{io.get_executor(), "main", server.address("homeostat_monitor"), 0};
  CitusDeadlocks deadlocks;
  TimePoint now{};
};

}  // namespace

TEST_CASE("deadlocks over nodes: what keeps them from being counted is told, and then they are") {
  LogBench bench{{{"log_min_error_statement", "panic"}}};
  CHECK_THAT(bench.why_unknown(), Contains("homeostat grants --deadlocks"));
  bench.grant();
  CHECK_THAT(bench.why_unknown(), Contains("(logging_collector, log_destination)"));
  bench.server.sql("REVOKE USAGE ON SCHEMA homeostat_log FROM homeostat_monitor");
  CHECK_THAT(bench.why_unknown(), Contains("homeostat grants --deadlocks"));
  // Not what somebody else has put in its place, nor with more rights than it was made for.
  bench.grant();
  bench.server.create_role("somebody");
  bench.server.sql("ALTER FUNCTION homeostat_log.citus_deadlocks(text, bigint) OWNER TO somebody");
  CHECK_THAT(bench.why_unknown(), Contains("homeostat grants --deadlocks"));
  bench.server.sql("GRANT pg_read_server_files TO homeostat_log_reader");
  CHECK_THROWS_WITH(bench.grant(), Contains("is a member of another role"));
}

TEST_CASE("deadlocks over nodes: those since the first reading count, each once, over log files") {
  LogBench bench;
  bench.happens(2);
  bench.grant();
  bench.grant();  // again: nothing changes
  CHECK(bench.count() == 0);
  bench.happens(3);
  REQUIRE(eventually([&] { return bench.count() == 3; }));
  CHECK(bench.count() == 3);

  bench.happens(1);
  bench.rotate();
  bench.happens(2);
  REQUIRE(eventually([&] { return bench.count() == 6; }));
  CHECK(note(bench.read(), "deadlocks_unread").empty());
  CHECK(bench.count() == 6);
}

TEST_CASE("deadlocks over nodes: a log that outgrows the reading, or goes, is told") {
  LogBench bench;
  bench.grant();
  REQUIRE(bench.count() == 0);
  const auto size = [&] { return bench.server.sql("SELECT sum(size) FROM pg_ls_logdir()"); };
  const auto before = std::stoll(size());
  bench.happens(1);  // too far back to be read
  bench.server.sql(
      "DO $$ BEGIN FOR i IN 1..60 LOOP RAISE LOG '%', repeat('x', 100000); END LOOP; END $$");
  REQUIRE(eventually([&] { return std::stoll(size()) > before + 60 * 100000; }));
  CHECK_THAT(note(bench.read(), "deadlocks_unread"), Contains(" bytes of the coordinator's log"));
  CHECK(note(bench.read(), "deadlocks_unread").empty());
  bench.happens(1);
  REQUIRE(eventually([&] { return bench.count() == 1; }));

  bench.rotate();
  bench.happens(1);
  bench.rotate();
  CHECK_THAT(note(bench.read(), "deadlocks_unread"), Contains("went by unread"));
  const auto gone = bench.rotate();
  CHECK(note(bench.read(), "deadlocks_unread").empty());
  CHECK(bench.count() == 1);
  const auto newest = bench.rotate();
  bench.server.sql("COPY (SELECT) TO PROGRAM 'rm " + gone + " " + newest + "'");
  CHECK_THAT(note(bench.read(), "deadlocks_unread"), Contains("went by unread"));
  CHECK(bench.count() == 1);
}

TEST_CASE("deadlocks over nodes: a server that does not answer is left alone for a minute") {
  LogBench bench;
  bench.grant();
  REQUIRE(bench.count() == 0);
  bench.server.freeze();
  const auto reading = bench.read(std::chrono::seconds{30}, std::chrono::milliseconds{300});
  bench.server.thaw();
  CHECK_THAT(note(reading, "deadlocks_unknown"), Contains("node `main`"));
  CHECK_FALSE(bench.deadlocks.due(bench.now + std::chrono::seconds{59}));
  CHECK_THAT(note(bench.read(std::chrono::seconds{59}), "deadlocks_unknown"),
             Contains("node `main`"));
  CHECK_THAT(note(bench.read(std::chrono::seconds{1}), "deadlocks_unread"),
             Contains("went by unread"));
  bench.happens(1);
  REQUIRE(eventually([&] { return bench.count() == 1; }));
}

TEST_CASE("deadlocks over nodes: who may count may read nothing, and its owner only the log") {
  LogBench bench;
  bench.grant();
  PgClient monitor{bench.server.address("homeostat_monitor")};
  for (const auto* statement :
       {"SELECT pg_read_binary_file('PG_VERSION', 0, 1, false)", "SET ROLE homeostat_log_reader",
        "CREATE FUNCTION homeostat_log.f() RETURNS int LANGUAGE sql AS 'SELECT 1'"}) {
    CHECK_THROWS_WITH(monitor.run(statement), Contains("permission denied"));
  }
  // A name of another folder is no file of the log.
  CHECK(monitor.run("SELECT deadlocks || ' ' || (unread IS NULL) FROM "
                    "homeostat_log.citus_deadlocks('../PG_VERSION', 0)") == "0 true");
  CHECK_THROWS_WITH(bench.server.sql("SET ROLE homeostat_log_reader; "
                                     "SELECT pg_read_binary_file('/etc/passwd', 0, 1, false)"),
                    Contains("absolute path not allowed"));
  bench.server.create_role("somebody");
  PgClient somebody{bench.server.address("somebody")};
  CHECK_THROWS_WITH(somebody.run("SELECT homeostat_log.citus_deadlocks(null, null)"),
                    Contains("permission denied"));
}

TEST_CASE("citus: a deadlock over two workers is counted, once") {
  if (skipped_without_citus()) return;
  Music music;
  music.coordinator().create_role("homeostat_monitor", "IN ROLE pg_monitor");
  music.sql("ALTER SYSTEM SET logging_collector = on");
  music.sql("ALTER SYSTEM SET deadlock_timeout = '50ms'");
  music.coordinator().restart();
  music.sql(std::string{sql::deadlock_log});
  music.sql(
      "CREATE TABLE counters (id bigint PRIMARY KEY, n int);"
      "SELECT create_distributed_table('counters', 'id', colocate_with => 'plays');"
      "INSERT INTO counters SELECT i, 0 FROM generate_series(1, 40) i");
  const auto port = [&](int id) {
    return music.sql(
        "SELECT nodeport FROM citus_shards WHERE shardid = "
        "get_shard_id_for_distribution_column('counters', " +
        std::to_string(id) + ")");
  };
  int there = 2;
  while (port(there) == port(1)) ++there;
  const auto other = std::to_string(there);
  ShardWatch watch{music.options("homeostat_monitor")};
  CHECK(value_in(watch.read(), "citus_deadlocks_total") == 0);

  const auto update = [](const std::string& id) {
    return "UPDATE counters SET n = n + 1 WHERE id = " + id;
  };
  PgClient one{music.coordinator().address()};
  PgClient two{music.coordinator().address()};
  one.run("BEGIN; " + update("1"));
  two.run("BEGIN; " + update(other));
  one.send(update(other));
  two.send(update("1"));
  const bool first = one.finish();
  const bool second = two.finish();
  CHECK(first != second);
  REQUIRE(eventually([&] { return value_in(watch.read(), "citus_deadlocks_total") == 1; }));
}

}  // namespace homeostat::testing
