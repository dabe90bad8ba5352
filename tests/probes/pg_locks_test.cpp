// SPDX-License-Identifier: Apache-2.0
// What pg_locks measures on a healthy connection.
#include "probes/pg_locks.hpp"

#include <algorithm>
#include <cstdio>
#include <set>

#include "tests/probes/pg_locks_bench.hpp"
#include "tests/support/lost_standby.hpp"

namespace homeostat::testing {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;

TEST_CASE("an idle server is empty: 0/0 is neither 0 nor 1 (H2)") {
  const Server server;
  Watch watch{options_for(server)};
  const auto reading = watch.read();
  REQUIRE(find(reading, "pg_blocked_ratio").quality == Quality::empty);
  REQUIRE(value(reading, "pg_open_transactions") == 0);
  REQUIRE(value(reading, "pg_lock_wait_max_seconds") == 0);
  REQUIRE(value(reading, "pg_lock_wait_p95_seconds") == 0);
  REQUIRE(value(reading, "pg_idle_in_transaction_seconds") == 0);
  REQUIRE(reading.notes.empty());
}

TEST_CASE("the waits that are counted are called so by this version of PostgreSQL") {
  const Server server;
  if (server.version() < 17) {
    std::puts("SKIPPED: pg_wait_events came with PostgreSQL 17");
    return;
  }
  REQUIRE(server.sql("SELECT string_agg(type || ' ' || name, ', ' ORDER BY type DESC, name) "
                     "FROM pg_wait_events WHERE type IN ('Lock', 'LWLock') AND name IN "
                     "('relation', 'tuple', 'transactionid', 'advisory', 'LockManager')") ==
          "Lock advisory, Lock relation, Lock transactionid, Lock tuple, LWLock LockManager");
}

TEST_CASE("a reading holds each promised signal once, about the node, taken now") {
  const Server server;
  Watch watch{options_for(server)};
  const auto reading = watch.read();
  std::set<SignalName> sampled;
  for (const auto& sample : reading.samples) {
    REQUIRE(to_text(sample.subject) == "node/main");
    REQUIRE(sample.taken == watch.now);
    REQUIRE(sampled.insert(sample.signal).second);
  }
  const auto promised = watch.probe.signals();
  REQUIRE(sampled == std::set<SignalName>(promised.begin(), promised.end()));
}

TEST_CASE(
    "the identity names cluster, database and start of the server, as the ledger does (H53)") {
  const Server server;
  Watch watch{options_for(server)};
  REQUIRE(
      watch.read().identity.server ==
      server.sql("SELECT system_identifier || '/postgres@'"
                 " || extract(epoch FROM pg_postmaster_start_time()) FROM pg_control_system()"));
}

TEST_CASE("a storm on one row gives the exact ratio and the waits of its victims") {
  const Server server;
  const Storm storm{server, 12};
  auto bystander = server.client();
  bystander->run("BEGIN; SELECT 1");
  Watch watch{options_for(server)};
  const auto reading = watch.read();
  const auto& ratio = find(reading, "pg_blocked_ratio");
  REQUIRE(ratio.quality == Quality::whole);
  REQUIRE(ratio.numerator == 12);
  REQUIRE(ratio.denominator == 14);
  REQUIRE(find(reading, "pg_row_blocked_ratio").numerator == 12);
  REQUIRE(find(reading, "pg_row_blocked_ratio").denominator == 14);
  REQUIRE(value(reading, "pg_open_transactions") == 14);
  REQUIRE(value(reading, "pg_lock_wait_p95_seconds") > 0);
  REQUIRE(value(reading, "pg_lock_wait_p95_seconds") <= value(reading, "pg_lock_wait_max_seconds"));
  REQUIRE(eventually([&] { return value(watch.read(), "pg_waiters_over_500ms") == 12; }));
  REQUIRE(value(watch.read(), "pg_lock_wait_p95_seconds") > 0.5);
  storm.holder->run("COMMIT");
  for (const auto& victim : storm.crowd) REQUIRE(victim->finish());
  bystander->run("COMMIT");
  REQUIRE(
      eventually([&] { return find(watch.read(), "pg_blocked_ratio").quality == Quality::empty; }));
}

TEST_CASE("waiting for a table counts as blocked, but not as waiting for a row") {
  const Server server;
  auto holder = server.client();
  holder->run("BEGIN; LOCK TABLE hot");
  auto reader = server.client();
  reader->send("SELECT * FROM hot");
  REQUIRE(server.waiting(1, "relation"));
  Watch watch{options_for(server)};
  const auto reading = watch.read();
  REQUIRE(value(reading, "pg_blocked_ratio") == 0.5);
  REQUIRE(value(reading, "pg_row_blocked_ratio") == 0);
}

TEST_CASE("advisory waits are a signal of their own and do not move the ratio (H63)") {
  const Server server;
  auto holder = server.client();
  holder->run("SELECT pg_advisory_lock(1)");
  std::vector<std::unique_ptr<PgClient>> queue;
  for (int i = 0; i < 3; ++i) {
    queue.push_back(server.client());
    queue.back()->send("SELECT pg_advisory_lock(1)");
  }
  REQUIRE(server.waiting(3, "advisory"));
  Watch watch{options_for(server)};
  const auto reading = watch.read();
  REQUIRE(value(reading, "pg_advisory_waiters") == 3);
  REQUIRE(find(reading, "pg_blocked_ratio").numerator == 0);
  REQUIRE(find(reading, "pg_blocked_ratio").denominator == 3);
  REQUIRE(value(reading, "pg_lock_wait_max_seconds") == 0);
}

TEST_CASE("CREATE INDEX CONCURRENTLY waits without moving the ratio (H63)") {
  const Server server;
  auto old = server.client();
  old->run("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM hot");
  auto builder = server.client("postgres");
  builder->send("CREATE INDEX CONCURRENTLY ON hot (n)");
  REQUIRE(server.waiting(1, "virtualxid"));
  Watch watch{options_for(server)};
  const auto reading = watch.read();
  REQUIRE(find(reading, "pg_blocked_ratio").numerator == 0);
  REQUIRE(value(reading, "pg_open_transactions") == 2);
}

TEST_CASE("NOTIFY behind a commit that hangs waits without moving the ratio (H63)") {
  Server server;
  REQUIRE(lose_standby(server));
  // A commit that waits for a dead standby keeps NOTIFY's lock.
  auto first = server.client();
  first->send("BEGIN; UPDATE hot SET n = 1 WHERE id = 1; NOTIFY news; COMMIT");
  REQUIRE(eventually([&] {
    return server.sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'") == "1";
  }));
  auto second = server.client();
  second->send("BEGIN; UPDATE hot SET n = 1 WHERE id = 2; NOTIFY news; COMMIT");
  REQUIRE(server.waiting(1, "object"));
  Watch watch{options_for(server)};
  const auto reading = watch.read();
  REQUIRE(find(reading, "pg_blocked_ratio").numerator == 0);
  REQUIRE(find(reading, "pg_blocked_ratio").denominator == 2);
}

TEST_CASE("sessions of our own are not counted, by role and by application name") {
  Server server;
  server.create_role("actuator");
  server.sql("GRANT ALL ON hot TO actuator");
  auto options = options_for(server);
  options.own_roles = {"actuator", "not \"made\" yet"};
  auto acting = server.client("actuator");
  acting->run("BEGIN; UPDATE hot SET n = 1 WHERE id = 1");
  auto ours = server.client("app", "homeostat migrate");
  ours->send("UPDATE hot SET n = 2 WHERE id = 1");
  REQUIRE(server.waiting(1));
  Watch watch{std::move(options)};
  auto reading = watch.read();
  REQUIRE(find(reading, "pg_blocked_ratio").quality == Quality::empty);
  REQUIRE(value(reading, "pg_idle_in_transaction_seconds") == 0);
  // The same crowd, seen by a probe that does not know the role.
  Watch naive{options_for(server)};
  reading = naive.read();
  REQUIRE(value(reading, "pg_open_transactions") == 1);
}

TEST_CASE("the longest idle spell inside a transaction is measured until it ends") {
  const Server server;
  auto idler = server.client();
  idler->run("BEGIN; SELECT 1");
  Watch watch{options_for(server)};
  const auto first = value(watch.read(), "pg_idle_in_transaction_seconds");
  REQUIRE(first > 0);
  REQUIRE(value(watch.read(), "pg_idle_in_transaction_seconds") > first);
  idler->run("COMMIT");
  REQUIRE(eventually([&] { return value(watch.read(), "pg_idle_in_transaction_seconds") == 0; }));
}

TEST_CASE("blocked session-seconds add up from sample to sample") {
  const Server server;
  Watch watch{options_for(server)};
  REQUIRE(value(watch.read(), "pg_blocked_session_seconds_total") == 0);
  const Storm storm{server, 4};
  // One second from 0 to 4 blocked, then two seconds of 4.
  REQUIRE(value(watch.read(), "pg_blocked_session_seconds_total") == Approx(2));
  REQUIRE(value(watch.read(), "pg_blocked_session_seconds_total") == Approx(6));
  REQUIRE(value(watch.read(), "pg_blocked_session_seconds_total") == Approx(10));
}

TEST_CASE("deadlocks of the database are counted") {
  const Server server{{{"deadlock_timeout", "20ms"}}};
  Watch watch{options_for(server)};
  REQUIRE(value(watch.read(), "pg_deadlocks_total") == 0);
  REQUIRE(value(watch.read(), "pg_recovery_conflicts_total") == 0);
  {
    auto left = server.client();
    auto right = server.client();
    left->run("BEGIN; UPDATE hot SET n = 1 WHERE id = 1");
    right->run("BEGIN; UPDATE hot SET n = 1 WHERE id = 2");
    left->send("UPDATE hot SET n = 1 WHERE id = 2");
    right->send("UPDATE hot SET n = 1 WHERE id = 1");
    const bool left_lost = !left->finish();
    const bool right_lost = !right->finish();
    REQUIRE(left_lost != right_lost);
  }
  REQUIRE(eventually([&] { return value(watch.read(), "pg_deadlocks_total") == 1; }));
}

TEST_CASE("the root blocker is named with pid and role, its query only on demand (H65)") {
  const Server server;
  const Storm storm{server, 5};
  Watch watch{options_for(server)};
  const auto reading = watch.read();
  REQUIRE(reading.notes.size() == 1);
  const auto& note = reading.notes.front();
  REQUIRE(note.key == "root_blocker");
  REQUIRE(to_text(note.subject) == "node/main");
  const auto pid = std::to_string(storm.holder->pid());
  REQUIRE_THAT(note.text, Contains("pid " + pid + ", role app, idle in transaction"));
  REQUIRE_THAT(note.text, Contains("holds back 5 sessions"));
  REQUIRE_THAT(note.text, !Contains("UPDATE"));
  auto options = options_for(server);
  options.show_queries = true;
  Watch showing{std::move(options)};
  REQUIRE_THAT(showing.read().notes.at(0).text, Contains("UPDATE hot SET"));
}

TEST_CASE("the lock table is read at most once in root_blocker_every, and not below the ratio") {
  const Server server;
  // Each victim becomes the next holder.
  const Storm storm{server, 5, "BEGIN; UPDATE hot SET n = n + 1 WHERE id = 1"};
  auto calm = options_for(server);
  calm.root_blocker_above = 0.99;
  Watch unmoved{std::move(calm)};
  REQUIRE(unmoved.read().notes.empty());
  Watch watch{options_for(server)};
  const auto first = watch.read().notes.at(0).text;
  storm.holder->run("COMMIT");
  REQUIRE(watch.read().notes.at(0).text == first);
  // The next in the queue holds the row now, as soon as the others have queued anew.
  REQUIRE(eventually([&] {
    watch.now += 30s;
    const auto notes = watch.read().notes;
    return !notes.empty() && notes.front().text.find("holds back 4 sessions") != std::string::npos;
  }));
}

}  // namespace homeostat::testing
