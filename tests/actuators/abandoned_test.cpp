// SPDX-License-Identifier: Apache-2.0
// What becomes of a transaction behind homeostat.admit() whose client has gone.
#include <catch2/catch.hpp>
#include <memory>
#include <optional>

#include "tests/support/eventually.hpp"
#include "tests/support/ledger_bench.hpp"
#include "tests/support/pgbouncer_server.hpp"

namespace homeostat {
namespace {

using testing::eventually;
using testing::LedgerCluster;
using testing::PgBouncerServer;
using testing::PgClient;

constexpr const char* kWatched = "SHOW client_connection_check_interval";

/// A row that somebody holds for as long as the test takes, in a zone with two slots.
struct AbandonedBench {
  AbandonedBench() {
    cluster.sql(
        "CREATE ROLE app LOGIN; CREATE TABLE hot (n bigint); INSERT INTO hot VALUES (0);"
        "GRANT ALL ON hot TO PUBLIC;"
        "INSERT INTO homeostat.zone_limit (zone, class, concurrency, queue_limit) VALUES "
        "('main', homeostat.zone_class('main'), 2, 0.5)");
    holder.run("BEGIN; UPDATE hot SET n = n + 1");
  }
  std::unique_ptr<PgClient> client() const {
    return std::make_unique<PgClient>(cluster.address("app"));
  }
  bool there(int pid) const {
    return cluster.sql("SELECT count(*) FROM pg_stat_activity WHERE pid = " +
                       std::to_string(pid)) == "1";
  }
  bool waits(int pid) const {
    return cluster.sql("SELECT count(*) FROM pg_locks WHERE NOT granted AND pid = " +
                       std::to_string(pid)) == "1";
  }
  std::string running() const { return cluster.sql("SELECT running FROM homeostat.zone_queue()"); }

  LedgerCluster cluster;
  PgClient holder{cluster.address()};
};

TEST_CASE_METHOD(AbandonedBench,
                 "a transaction that waits for a row is ended, and its slot free, when its client "
                 "goes") {
  auto unwatched = client();
  auto watched = client();
  const int left = unwatched->pid();
  const int ended = watched->pid();
  unwatched->run("BEGIN");
  watched->run("BEGIN; SELECT homeostat.admit('main')");
  for (auto* one : {unwatched.get(), watched.get()}) one->send("UPDATE hot SET n = n + 1");
  REQUIRE(eventually([&] { return waits(left) && waits(ended); }));
  CHECK(running() == "1");
  // In one string, too.
  auto hasty = client();
  const int at_once = hasty->pid();
  hasty->send("BEGIN; SELECT homeostat.admit('main'); UPDATE hot SET n = n + 1; COMMIT");
  REQUIRE(eventually([&] { return waits(at_once); }));
  CHECK(running() == "2");

  unwatched.reset();
  watched.reset();
  hasty.reset();
  CHECK(eventually([&] { return !there(ended) && !there(at_once); }));
  CHECK(running() == "0");
  // Nobody has looked after this one: it will do its work for nobody.
  CHECK(waits(left));
  holder.run("COMMIT");
  CHECK(eventually([&] { return !there(left); }));
  CHECK(cluster.sql("SELECT n FROM hot") == "1");
}

TEST_CASE_METHOD(AbandonedBench,
                 "whose client goes while it queues leaves its place with the queue") {
  std::vector<std::unique_ptr<PgClient>> running_ones;
  for (int i = 0; i < 2; ++i) {
    running_ones.push_back(client());
    running_ones.back()->run("BEGIN; SELECT homeostat.admit('main')");
  }
  auto queued = client();
  const int pid = queued->pid();
  queued->send("BEGIN; SELECT homeostat.admit('main')");
  queued.reset();
  CHECK(eventually([&] { return !there(pid); }));
  CHECK(cluster.sql("SELECT running || ' ' || waiting FROM homeostat.zone_queue()") == "2 0");
  // Nobody has interrupted it: it queued, for as long as one may, and was refused.
  CHECK_THAT(cluster.log_tail(), Catch::Contains("[" + std::to_string(pid) +
                                                 "] ERROR:  homeostat: zone main is full: no slot "
                                                 "within 500 ms"));
}

TEST_CASE_METHOD(AbandonedBench,
                 "only the transaction is watched, under a limit only, and nobody's own setting is "
                 "changed") {
  auto app = client();
  app->run("BEGIN; SELECT homeostat.admit('main')");
  CHECK(app->run(kWatched) == "500ms");
  app->run("COMMIT");
  CHECK(app->run(kWatched) == "0");

  app->run("BEGIN; SELECT homeostat.admit('main', critical => true)");
  CHECK(app->run(kWatched) == "0");
  app->run("ROLLBACK; BEGIN; SAVEPOINT s; SELECT homeostat.admit('main'); ROLLBACK TO s");
  CHECK(app->run(kWatched) == "0");
  app->run("ROLLBACK; SET client_connection_check_interval = '7s'");
  app->run("BEGIN; SELECT homeostat.admit('main')");
  CHECK(app->run(kWatched) == "7s");
  app->run("ROLLBACK; RESET client_connection_check_interval");
  cluster.sql("DELETE FROM homeostat.zone_limit");
  app->run("BEGIN; SELECT homeostat.admit('main')");
  CHECK(app->run(kWatched) == "0");
}

// It closes the server's connection when a client goes within a transaction.
TEST_CASE_METHOD(AbandonedBench, "behind PgBouncer in transaction mode it is ended as well") {
  const PgBouncerServer bouncer{cluster};
  auto client = std::make_unique<PgClient>(bouncer.address("postgres"));
  client->run("BEGIN; SELECT homeostat.admit('main')");
  const int pid = std::stoi(client->run("SELECT pg_backend_pid()"));
  client->send("UPDATE hot SET n = n + 1");
  REQUIRE(eventually([&] { return waits(pid); }));
  client.reset();
  CHECK(eventually([&] { return !there(pid); }));
  CHECK(running() == "0");
}

}  // namespace
}  // namespace homeostat
