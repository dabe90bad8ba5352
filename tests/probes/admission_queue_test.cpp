// SPDX-License-Identifier: Apache-2.0
// The queues of homeostat.admit(), and what the lock sample says of zones, on a real server.
#include "probes/admission_queue.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "probes/pg_locks.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/ledger_bench.hpp"

namespace homeostat::testing {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;

struct QueueBench {
  QueueBench() {
    cluster.sql("CREATE ROLE app LOGIN; CREATE TABLE hot (n int); INSERT INTO hot VALUES (0)");
    cluster.sql("GRANT ALL ON hot TO app");
  }
  AdmissionQueueOptions options() const {
    AdmissionQueueOptions made;
    made.address = cluster.address("homeostat_monitor");
    made.zones = {"main", "free"};
    return made;
  }
  PgLocksOptions lock_options() const {
    PgLocksOptions made;
    made.node = "one";
    made.zones = {"main", "free"};
    made.address = cluster.address("homeostat_monitor");
    return made;
  }
  /// One slot, and a wait that ends by what the test does, not by itself.
  void limit() const {
    cluster.sql("ALTER TABLE homeostat.zone_limit DROP CONSTRAINT zone_limit_queue_limit_check");
    cluster.sql(
        "INSERT INTO homeostat.zone_limit (zone, class, concurrency, queue_limit) VALUES "
        "('main', homeostat.zone_class('main'), 1, 600)");
  }
  Result<Reading> sample(Probe& probe) {
    now += 1s;
    return run_coroutine(io, probe.sample(now, kPatient));
  }
  double value(Probe& probe, const std::string& signal, const Subject& subject) {
    const auto reading = sample(probe);
    if (!reading.has_value()) throw std::runtime_error(reading.error().context);
    for (const auto& each : reading->samples) {
      if (each.signal == signal && each.subject == subject) return each.numerator;
    }
    throw std::runtime_error("no sample of " + signal);
  }
  double age(const std::string& zone) {
    return value(queue, "admission_queue_age_seconds", {SubjectKind::zone, zone});
  }

  LedgerCluster cluster;
  boost::asio::io_context io;
  TimePoint now{};
  AdmissionQueue queue{io.get_executor(), options()};
  PgLocks locks{io.get_executor(), lock_options()};
};

TEST_CASE_METHOD(QueueBench, "the age of a queue is its oldest call's, and 0 where nobody waits") {
  CHECK(age("main") == 0);  // no limit stands
  limit();
  PgClient runs{cluster.address("app")};
  PgClient waits{cluster.address("app")};
  runs.run("BEGIN; SELECT homeostat.admit('main')");
  CHECK(age("main") == 0);
  waits.send("BEGIN; SELECT homeostat.admit('main')");
  REQUIRE(eventually([&] { return age("main") > 0.2; }));
  CHECK(age("free") == 0);
  // Who waits sleeps: nobody is blocked, and nobody waits for an advisory lock.
  const Subject node{SubjectKind::node, "one"};
  CHECK(value(locks, "pg_blocked_ratio", node) == 0);
  CHECK(value(locks, "pg_advisory_waiters", node) == 0);
  CHECK(value(locks, "pg_open_transactions", node) == 2);
  runs.run("COMMIT");
  CHECK(waits.finish());
  CHECK(age("main") == 0);
}

TEST_CASE_METHOD(QueueBench, "a zone's lock waits are those of its node") {
  PgClient holder{cluster.address("app")};
  PgClient victim{cluster.address("app")};
  holder.run("BEGIN; UPDATE hot SET n = 1");
  victim.send("UPDATE hot SET n = 2");
  for (const auto* zone : {"main", "free"}) {
    const Subject subject{SubjectKind::zone, zone};
    REQUIRE(eventually([&] { return value(locks, "pg_waiters_over_500ms", subject) == 1; }));
    CHECK(value(locks, "pg_open_transactions", subject) == 2);
  }
  holder.run("COMMIT");
  CHECK(victim.finish());
}

TEST_CASE_METHOD(QueueBench, "who may not ask is told so, and samples nothing") {
  cluster.sql("REVOKE EXECUTE ON FUNCTION homeostat.zone_queue() FROM homeostat_monitor");
  const auto reading = sample(queue);
  REQUIRE_FALSE(reading.has_value());
  CHECK(reading.error().code == ErrorCode::missing_privilege);
  CHECK_THAT(reading.error().context, Contains("zone_queue"));
  cluster.sql("GRANT EXECUTE ON FUNCTION homeostat.zone_queue() TO homeostat_monitor");
  CHECK(age("main") == 0);
}

}  // namespace
}  // namespace homeostat::testing
