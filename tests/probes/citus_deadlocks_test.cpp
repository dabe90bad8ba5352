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
  void happens(int times) {
    for (int i = 0; i < times; ++i) {
      server.sql(
          "DO $$ BEGIN RAISE LOG 'canceling the transaction since it was involved in a distributed "
          "deadlock'; END $$");
    }
  }
  Reading read() {
    now += std::chrono::seconds{30};
    if (!run_coroutine(io, node.introduce(now, kWhile)).has_value()) FAIL("not connected");
    const auto done = run_coroutine(io, deadlocks.read(node, kWhile));
    if (!done.has_value()) FAIL(done.error().context);
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
  CHECK_THAT(bench.why_unknown(), Contains("logging_collector is off"));
  bench.server.sql("REVOKE USAGE ON SCHEMA homeostat_log FROM homeostat_monitor");
  CHECK_THAT(bench.why_unknown(), Contains("homeostat grants --deadlocks"));
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

  const auto file = bench.server.sql("SELECT pg_current_logfile()");
  bench.happens(1);
  REQUIRE(eventually([&] {  // names have seconds in them
    bench.server.sql("SELECT pg_rotate_logfile()");
    return bench.server.sql("SELECT pg_current_logfile()") != file;
  }));
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

  const auto file = bench.server.sql("SELECT pg_current_logfile()");
  REQUIRE(eventually([&] {
    bench.server.sql("SELECT pg_rotate_logfile()");
    return bench.server.sql("SELECT pg_current_logfile()") != file;
  }));
  bench.server.sql("COPY (SELECT) TO PROGRAM 'rm " + file + "'");
  CHECK_THAT(note(bench.read(), "deadlocks_unread"), Contains("is gone"));
  CHECK(bench.count() == 1);
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

TEST_CASE("citus: a deadlock over two workers is counted, and PostgreSQL counts none") {
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
  for (const auto& name : music.names()) {
    CHECK(music.node(name).sql("SELECT sum(deadlocks) FROM pg_stat_database") == "0");
  }
}

}  // namespace homeostat::testing
