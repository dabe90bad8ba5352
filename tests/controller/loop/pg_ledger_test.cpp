// SPDX-License-Identifier: Apache-2.0
#include "controller/loop/pg_ledger.hpp"

#include <signal.h>

#include <catch2/catch.hpp>

#include "tests/support/eventually.hpp"
#include "tests/support/ledger_bench.hpp"

namespace homeostat {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using testing::Instance;
using testing::LedgerCluster;
using testing::PgClient;

constexpr auto kTakeKey = "SELECT pg_advisory_lock(homeostat.lease_key())";

TEST_CASE("the first instance leads, and renewing keeps its epoch") {
  LedgerCluster cluster;
  Instance one{cluster, "host:1"};
  const auto lease = one.lead();
  CHECK(lease.epoch == 1);
  CHECK(lease.holder == "host:1");
  const auto renewed = cluster.sql("SELECT renewed_at FROM homeostat.lease");
  CHECK(one.lead().epoch == 1);
  CHECK(cluster.sql("SELECT renewed_at FROM homeostat.lease") != renewed);
  CHECK(one.ledger.identity() ==
        cluster.sql("SELECT system_identifier || '/postgres@'"
                    " || extract(epoch FROM pg_postmaster_start_time()) FROM pg_control_system()"));
}

TEST_CASE("a second instance stands by while the first renews") {
  LedgerCluster cluster;
  Instance one{cluster, "first"};
  Instance two{cluster, "second"};
  one.lead();
  const auto lease = two.hold();
  REQUIRE(lease.has_value());
  CHECK_FALSE(lease->ours);
  CHECK(lease->holder == "first");
  CHECK(one.lead().epoch == 1);
}

TEST_CASE("a lease that ran out is taken over, and the old leader's writes are refused (S1, H32)") {
  LedgerCluster cluster;
  Instance old_leader{cluster, "old"};
  Instance successor{cluster, "new"};
  old_leader.lead();
  const int old_pid = old_leader.session.backend_pid();
  cluster.let_lease_run_out();

  CHECK(successor.lead().epoch == 2);
  CHECK(successor.lead().takeovers == 1);
  CHECK(cluster.sql("SELECT count(*) FROM pg_stat_activity WHERE pid = " +
                    std::to_string(old_pid)) == "0");

  // It wakes, still believing: first its session is gone …
  const auto late = old_leader.apply(old_leader.change(ChangeKind::apply, "class/batch", 0));
  REQUIRE_FALSE(late.has_value());
  CHECK(late.error().code == ErrorCode::unavailable);
  // … and with a new one its epoch is turned away.
  const auto lease = old_leader.hold();
  REQUIRE(lease.has_value());
  CHECK_FALSE(lease->ours);
  const auto later = old_leader.apply(old_leader.change(ChangeKind::apply, "class/batch", 0));
  REQUIRE_FALSE(later.has_value());
  CHECK(later.error().code == ErrorCode::superseded);
  CHECK(cluster.sql("SELECT count(*) FROM homeostat.admission") == "0");
  CHECK(cluster.sql("SELECT count(*) FROM homeostat.act") == "0");
}

TEST_CASE("a leader whose session died is succeeded before its lease runs out") {
  LedgerCluster cluster;
  Instance successor{cluster, "new"};
  {
    Instance one{cluster, "old"};
    one.lead();
  }
  CHECK(testing::eventually([&] {
    const auto lease = successor.hold();
    return lease.has_value() && lease->ours;
  }));
  CHECK(successor.lead().epoch == 2);
}

TEST_CASE("a lease given up can be taken at once and counts as no takeover (H34)") {
  LedgerCluster cluster;
  Instance one{cluster, "first"};
  Instance two{cluster, "second"};
  one.lead();
  REQUIRE(testing::run_coroutine(one.io, one.ledger.release_lease(testing::kPatient)).has_value());
  const auto lease = two.lead();
  CHECK(lease.epoch == 2);
  CHECK(lease.takeovers == 0);
  const auto write = one.apply(one.change(ChangeKind::apply, "class/batch", 0));
  REQUIRE_FALSE(write.has_value());
  CHECK(write.error().code == ErrorCode::superseded);
}

TEST_CASE("takeovers of the last hour are counted, older ones are not (H34)") {
  LedgerCluster cluster;
  for (int round = 0; round < 3; ++round) {
    Instance instance{cluster, "instance " + std::to_string(round)};
    REQUIRE(testing::eventually([&] {
      const auto lease = instance.hold();
      return lease.has_value() && lease->ours;
    }));
    CHECK(instance.lead().takeovers == round);
  }
  cluster.sql("UPDATE homeostat.lease SET takeovers = ARRAY[now() - interval '2 hours', now()]");
  Instance last{cluster, "last"};
  REQUIRE(testing::eventually([&] {
    const auto lease = last.hold();
    return lease.has_value() && lease->ours;
  }));
  CHECK(last.lead().takeovers == 2);
}

TEST_CASE("a foreign session with the leader's key is named and left alone (H54)") {
  LedgerCluster cluster;
  cluster.create_role("somebody");
  cluster.sql("GRANT EXECUTE ON FUNCTION homeostat.lease_key() TO somebody");
  PgClient foreign{cluster.address("somebody")};
  foreign.run(kTakeKey);
  Instance one{cluster};
  const auto lease = one.hold();
  REQUIRE_FALSE(lease.has_value());
  CHECK(lease.error().code == ErrorCode::refused);
  CHECK_THAT(lease.error().context,
             Contains("somebody") && Contains(std::to_string(foreign.pid())));
  CHECK(foreign.run("SELECT 1") == "1");
}

TEST_CASE("a session of our role that has the key but no lease is ended once it lies idle") {
  LedgerCluster cluster;
  cluster.sql("GRANT EXECUTE ON FUNCTION homeostat.lease_key() TO homeostat_actuator");
  PgClient stray{cluster.address("homeostat_actuator")};
  stray.run(kTakeKey);
  Instance one{cluster};
  const auto fresh = one.hold();
  REQUIRE(fresh.has_value());
  CHECK_FALSE(fresh->ours);  // it may be just taking the lease
  CHECK(stray.run("SELECT 1") == "1");

  PgLedgerOptions hurried = Instance::options("hurried");
  hurried.ttl = 1us;  // idle for longer than that
  PgLedger ledger{one.session, one.clock, hurried};
  const auto lease = testing::run_coroutine(one.io, ledger.hold_lease(testing::kPatient));
  REQUIRE(lease.has_value());
  CHECK(lease->ours);
  CHECK_THROWS(stray.run("SELECT 1"));
}

TEST_CASE("a frozen holder cannot be ended: nobody leads until it wakes (H33)") {
  LedgerCluster cluster;
  Instance frozen{cluster, "frozen"};
  Instance successor{cluster, "successor"};
  frozen.lead();
  const pid_t backend = frozen.session.backend_pid();
  REQUIRE(kill(backend, SIGSTOP) == 0);
  cluster.let_lease_run_out();
  const auto lease = successor.hold(2s);
  REQUIRE(lease.has_value());
  CHECK_FALSE(lease->ours);
  REQUIRE(kill(backend, SIGCONT) == 0);
  CHECK(testing::eventually([&] {
    const auto again = successor.hold();
    return again.has_value() && again->ours;
  }));
}

TEST_CASE("a leader that lost its session leads again only under a new epoch (H32)") {
  LedgerCluster cluster;
  Instance one{cluster};
  one.lead();
  cluster.sql("SELECT pg_terminate_backend(" + std::to_string(one.session.backend_pid()) + ")");
  const auto write = one.apply(one.change(ChangeKind::apply, "class/batch", 0));
  REQUIRE_FALSE(write.has_value());
  CHECK(write.error().code == ErrorCode::unavailable);
  CHECK(one.outcome(one.change(ChangeKind::apply, "class/batch", 0)) == "error: not connected");
  CHECK(one.lead().epoch == 2);
  CHECK(one.lead().takeovers == 0);  // the same instance
}

TEST_CASE("an unreachable server is tried again after a pause, not at every call") {
  LedgerCluster cluster;
  Instance one{cluster};
  cluster.stop();
  const auto lost = one.hold();
  REQUIRE_FALSE(lost.has_value());
  CHECK(lost.error().code == ErrorCode::unavailable);
  cluster.start();
  CHECK_FALSE(one.hold().has_value());  // no time has passed
  one.clock.advance(10s);
  CHECK(one.lead().epoch == 1);
}

TEST_CASE("the epoch never decreases and the lease cannot be deleted, whoever tries (S1)") {
  LedgerCluster cluster;
  Instance one{cluster};
  one.lead();
  CHECK_THROWS_WITH(cluster.sql("UPDATE homeostat.lease SET epoch = 0"),
                    Contains("never decreases"));
  CHECK_THROWS_WITH(cluster.sql("DELETE FROM homeostat.lease"), Contains("never decreases"));
}

TEST_CASE("a lease that ran out allows no write, even while nobody has taken it (S7)") {
  LedgerCluster cluster;
  Instance one{cluster};
  one.lead();
  cluster.let_lease_run_out();
  const auto write = one.apply(one.change(ChangeKind::apply, "class/batch", 0));
  REQUIRE_FALSE(write.has_value());
  CHECK(write.error().code == ErrorCode::superseded);
  CHECK(one.lead().epoch == 1);  // asked anew, it is still ours
  CHECK(one.set("class/batch", 0) == "applied");
}

TEST_CASE("open rows are loaded with what is left of them, those of another database are not") {
  LedgerCluster cluster;
  Instance one{cluster};
  one.lead();
  REQUIRE(one.set("class/batch", 0.25) == "applied");
  REQUIRE(one.set("class/non_critical", 0) == "applied");
  cluster.sql(
      "UPDATE homeostat.lever SET identity = '1/elsewhere' "
      "WHERE target = 'class/non_critical'");
  const auto image = one.load();
  REQUIRE(image.has_value());
  REQUIRE(image->rows.size() == 1);
  const auto& row = image->rows[0];
  CHECK(row.key == LeverKey{"feature", "class/batch"});
  CHECK(row.prior.baseline());
  CHECK(std::get<double>(row.value.arguments.at("admit")) == 0.25);
  CHECK(row.policy == "circuit-breaker");
  CHECK(row.subject == Subject{});
  CHECK(row.rung == 1);
  CHECK(row.policy_hash == "cafe");
  CHECK(row.token.epoch == 1);
  CHECK(row.token.sequence == 1);
  CHECK(row.remaining > 60s);
  CHECK(row.remaining <= 120s);

  cluster.sql("UPDATE homeostat.lever SET expires_at = now() - interval '1 hour'");
  const auto overdue = one.load();
  REQUIRE(overdue.has_value());
  CHECK(overdue->rows[0].remaining < Duration::zero());
}

TEST_CASE("a role that may do too much does not lead") {
  LedgerCluster cluster;
  Instance superuser{cluster, "super", "postgres"};
  const auto lease = superuser.hold();
  REQUIRE_FALSE(lease.has_value());
  CHECK(lease.error().code == ErrorCode::refused);
  CHECK_THAT(lease.error().context, Contains("postgres") && Contains("superuser"));

  const auto too_much = GENERATE(as<std::string>{}, "ALTER ROLE homeostat_actuator CREATEROLE",
                                 "GRANT pg_write_server_files TO homeostat_actuator",
                                 "GRANT pg_execute_server_program TO homeostat_actuator");
  cluster.sql(too_much);
  Instance one{cluster};
  const auto refused = one.hold();
  REQUIRE_FALSE(refused.has_value());
  CHECK_THAT(refused.error().context, Contains("homeostat_actuator"));
}

TEST_CASE("a database without the schema, or with an old one, says what to run") {
  testing::PostgresCluster cluster;
  cluster.sql(testing::grants());
  Instance one{cluster};
  const auto none = one.hold();
  REQUIRE_FALSE(none.has_value());
  CHECK_THAT(none.error().context, Contains("homeostat migrate"));
  cluster.sql(migration_script());
  cluster.sql("DELETE FROM homeostat.schema_version WHERE number > 1");
  one.clock.advance(10s);
  const auto old = one.hold();
  REQUIRE_FALSE(old.has_value());
  CHECK_THAT(old.error().context, Contains("version 1") && Contains("homeostat migrate"));
}

TEST_CASE("an owner that cannot tell sessions apart names the missing GRANT") {
  LedgerCluster cluster;
  cluster.sql("REVOKE pg_read_all_stats FROM homeostat_owner");
  Instance one{cluster};
  const auto lease = one.hold();
  REQUIRE_FALSE(lease.has_value());
  CHECK(lease.error().code == ErrorCode::missing_privilege);
  CHECK_THAT(lease.error().context, Contains("GRANT pg_read_all_stats TO homeostat_owner"));
}

TEST_CASE("a new leader registers the inventory, a reload registers it anew") {
  LedgerCluster cluster;
  Instance one{cluster};
  one.lead();
  const auto all =
      "SELECT string_agg(name || '=' || class, ' ' ORDER BY name) "
      "FROM homeostat.feature";
  CHECK(cluster.sql(all) == "monthly_report=batch recommendations=non_critical");
  one.ledger.set_inventory({{"monthly_report", "rebuildable"}}, {});
  one.lead();
  CHECK(cluster.sql(all) == "monthly_report=rebuildable");
  one.ledger.set_inventory({{"no such'; name", "batch"}}, {});
  const auto lease = one.hold();
  REQUIRE(lease.has_value());
  CHECK(lease->ours);
  CHECK_THAT(lease->note, Contains("not registered"));
  CHECK(cluster.sql(all) == "monthly_report=rebuildable");
}

}  // namespace
}  // namespace homeostat
