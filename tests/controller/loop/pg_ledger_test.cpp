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

PolicyMemory memory_of(const std::string& policy, TimePoint now) {
  PolicyMemory memory;
  memory.policy = policy;
  memory.subject = {SubjectKind::node, "main"};
  memory.policy_hash = "cafe";
  memory.state = BreakerState::half_open;
  memory.rung = 2;
  memory.restore_step = 1;
  memory.hold = 120s;
  memory.trips = 3;
  memory.changed = now - 5s;
  memory.opened = now - 90s;
  return memory;
}

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

TEST_CASE("what policies remember comes back as it was, and unnamed policies are forgotten") {
  LedgerCluster cluster;
  Instance one{cluster};
  one.lead();
  const auto now = one.clock.now();
  auto never_opened = memory_of("quiet", now);
  never_opened.state = BreakerState::closed;
  never_opened.opened = {};
  auto benched = memory_of("breaker", now);
  benched.benched = {{1, 2, false, true, now - 60s, 1800s}, {2, 0, true, false, now, 4h}};
  REQUIRE(one.keep({benched, never_opened}).has_value());

  auto image = one.load();
  REQUIRE(image.has_value());
  REQUIRE(image->memories.size() == 2);
  const auto& kept = image->memories[0];
  CHECK(std::chrono::abs(kept.changed - (now - 5s)) < 5s);
  CHECK(std::chrono::abs(kept.opened - (now - 90s)) < 5s);
  auto same = kept;
  same.changed = now - 5s;
  same.opened = now - 90s;
  REQUIRE(same.benched.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(std::chrono::abs(same.benched[i].since - benched.benched[i].since) < 5s);
    same.benched[i].since = benched.benched[i].since;
  }
  CHECK(same == benched);
  CHECK(image->memories[1].benched.empty());
  CHECK(image->memories[1].opened == TimePoint{});

  benched.benched.pop_back();
  benched.benched[0].tries = 3;
  REQUIRE(one.keep({benched, never_opened}).has_value());
  image = one.load();
  REQUIRE(image.has_value());
  REQUIRE(image->memories[0].benched.size() == 1);
  CHECK(image->memories[0].benched[0].tries == 3);

  REQUIRE(one.keep({never_opened}).has_value());
  image = one.load();
  REQUIRE(image.has_value());
  REQUIRE(image->memories.size() == 1);
  CHECK(image->memories[0].policy == "quiet");
  CHECK(cluster.sql("SELECT count(*) FROM homeostat.policy_bench") == "0");
}

TEST_CASE("how far a policy has come in canary, and the storm brake, are kept (S6)") {
  LedgerCluster cluster;
  Instance one{cluster};
  one.lead();
  const auto now = one.clock.now();
  auto memory = memory_of("breaker", now);
  memory.canary = CanaryMemory{memory.policy_hash, 1, true, now - 60s, 4, 2, 1};
  REQUIRE(one.keep({memory, memory_of("other", now)}, now - 30s).has_value());
  auto image = one.load();
  REQUIRE(image.has_value());
  REQUIRE(image->memories.size() == 2);
  auto kept = image->memories[0].canary;
  REQUIRE(kept);
  CHECK(std::chrono::abs(kept->since - (now - 60s)) < 5s);
  kept->since = now - 60s;
  CHECK(kept == memory.canary);
  CHECK_FALSE(image->memories[1].canary);
  REQUIRE(image->braked);
  CHECK(std::chrono::abs(*image->braked - (now - 30s)) < 5s);

  memory.canary.reset();
  REQUIRE(one.keep({memory}).has_value());
  image = one.load();
  REQUIRE(image.has_value());
  CHECK_FALSE(image->memories[0].canary);
  CHECK_FALSE(image->braked);
  CHECK(cluster.sql("SELECT count(*) FROM homeostat.policy_canary") == "0");
}

TEST_CASE("an operator's acknowledgements come with who said them, the newest of each scope") {
  LedgerCluster cluster;
  cluster.sql("CREATE ROLE alice LOGIN; GRANT homeostat_operator TO alice");
  Instance one{cluster};
  one.lead();
  for (const auto* reason : {"first", "second"}) {
    cluster.sql("SET SESSION AUTHORIZATION alice; SELECT homeostat.acknowledge('cluster', '" +
                std::string(reason) + "')");
  }
  cluster.sql(
      "SET SESSION AUTHORIZATION alice; SELECT homeostat.acknowledge('policy/x', 'looked')");
  const auto orders = testing::run_coroutine(one.io, one.ledger.orders(testing::kPatient));
  REQUIRE(orders.has_value());
  REQUIRE(orders->acks.size() == 2);
  CHECK(orders->acks[0].scope == "cluster");
  CHECK(orders->acks[0].id == 2);
  CHECK(orders->acks[0].age < 60s);
  CHECK(orders->acks[1].scope == "policy/x");
  CHECK(cluster.sql("SELECT DISTINCT owner FROM homeostat.ack") == "alice");
  CHECK_THROWS_WITH(cluster.sql("SELECT homeostat.acknowledge('cluster', ' ')"),
                    Contains("needs a reason"));
  CHECK_THROWS_WITH(cluster.sql("DELETE FROM homeostat.ack"), Contains("append-only"));
}

TEST_CASE("what is remembered of a job comes back, and is forgotten with it") {
  LedgerCluster cluster;
  Instance one{cluster};
  one.lead();
  const auto now = one.clock.now();
  auto job = memory_of("shard-balance", now);
  job.job = JobMemory{now - 1h, std::nullopt, false, JobStop::time_budget, 12.5e9, now - 30min};
  REQUIRE(one.keep({job, memory_of("breaker", now)}).has_value());
  auto image = one.load();
  REQUIRE(image.has_value());
  REQUIRE(image->memories.size() == 2);
  CHECK_FALSE(image->memories[0].job.has_value());
  auto kept = image->memories[1].job;
  REQUIRE(kept.has_value());
  CHECK(std::chrono::abs(*kept->started - (now - 1h)) < 5s);
  CHECK_FALSE(kept->ended);
  REQUIRE(kept->approvals_from);
  CHECK(std::chrono::abs(*kept->approvals_from - (now - 30min)) < 5s);
  kept->started = job.job->started;
  kept->approvals_from = job.job->approvals_from;
  CHECK(kept == job.job);

  job.job = JobMemory{now - 1h, now - 1min, true, JobStop::none, 30e9};
  REQUIRE(one.keep({job}).has_value());
  image = one.load();
  REQUIRE(image.has_value());
  kept = image->memories.at(0).job;
  REQUIRE(kept.has_value());
  REQUIRE(kept->ended.has_value());
  CHECK(std::chrono::abs(*kept->ended - (now - 1min)) < 5s);
  CHECK(kept->failed);
  CHECK(kept->stop == JobStop::none);
  CHECK(kept->bytes_done == 30e9);

  job.job.reset();
  REQUIRE(one.keep({job}).has_value());
  CHECK(cluster.sql("SELECT count(*) FROM homeostat.policy_job") == "0");
}

TEST_CASE("what jobs have moved is known to whoever leads next, and to nobody else (S1)") {
  LedgerCluster cluster;
  Instance one{cluster};
  one.lead();
  const auto now = one.clock.now();
  const Subject zone{SubjectKind::zone, "3"};
  const std::vector<MovedBytes> moved{{"shard-balance", zone, now - 2h, now - 1h, 12.5e9},
                                      {"gone", Subject{}, now - 1h, now, 3}};
  REQUIRE(one.keep({}, {}, moved).has_value());
  const auto epoch = one.epoch;
  cluster.let_lease_run_out();
  Instance two{cluster, "two"};
  two.lead();
  const auto image = two.load();
  REQUIRE(image.has_value());
  REQUIRE(image->moved.size() == 2);
  const auto& part = image->moved[0];
  CHECK(part.policy == "shard-balance");
  CHECK(part.subject == zone);
  CHECK(part.bytes == 12.5e9);
  CHECK(std::chrono::abs((two.clock.now() - part.at) - (one.clock.now() - moved[0].at)) < 5s);
  CHECK(std::chrono::abs((part.at - part.part) - 1h) < 1ms);
  CHECK(image->moved[1].policy == "gone");

  REQUIRE(one.epoch == epoch);
  CHECK_FALSE(one.keep({}, {}, {}).has_value());
  CHECK(cluster.sql("SELECT count(*) FROM homeostat.moved_bytes") == "2");
  REQUIRE(two.keep({}, {}, {}).has_value());
  CHECK(cluster.sql("SELECT count(*) FROM homeostat.moved_bytes") == "0");
}

TEST_CASE("memories of a superseded epoch are turned away (S1)") {
  LedgerCluster cluster;
  Instance one{cluster};
  one.lead();
  cluster.sql("UPDATE homeostat.lease SET epoch = 9");
  const auto kept = one.keep({memory_of("breaker", one.clock.now())});
  REQUIRE_FALSE(kept.has_value());
  CHECK(kept.error().code == ErrorCode::superseded);
  CHECK(cluster.sql("SELECT count(*) FROM homeostat.policy_state") == "0");
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
