// SPDX-License-Identifier: Apache-2.0
// The lever against a real PostgreSQL, and homeostat.admit() as a crowd of applications calls it.
#include "actuators/admission.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <vector>

#include "sql/embedded.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/ledger_bench.hpp"

namespace homeostat {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using testing::eventually;
using testing::Instance;
using testing::LedgerCluster;
using testing::PgClient;

/// A leader with the lever.
struct AdmissionLeader {
  AdmissionLeader(const LedgerCluster& cluster, const std::string& name)
      : instance{cluster, name}, lever{instance.session, instance.clock, testing::kPatient} {
    instance.lead();
  }
  Change change(ChangeKind kind, double slots = 5, double queue_limit = 0.5) {
    auto made = instance.change(kind, target);
    made.desired.key = {"admission", target};
    made.desired.value.arguments = {{"concurrency", slots}, {"queue_limit", queue_limit}};
    made.desired.ttl = 60s;
    made.desired.policy = "back-pressure";
    made.desired.rung = 0;
    return made;
  }
  ChangeResult apply(Change made) {
    const auto result = testing::run_coroutine(instance.io, lever.apply(std::move(made)));
    if (!result.has_value()) return {ChangeOutcome::unknown, "error: " + result.error().context};
    return *result;
  }
  std::string outcome(Change made) { return std::string{to_text(apply(std::move(made)).outcome)}; }
  std::string set(double slots, double queue_limit = 0.5) {
    return outcome(change(ChangeKind::apply, slots, queue_limit));
  }
  std::string renew() { return outcome(change(ChangeKind::renew)); }
  std::string revert() { return outcome(change(ChangeKind::revert)); }
  /// Nothing: the baseline.
  std::optional<double> stands() {
    const auto value = testing::run_coroutine(instance.io, lever.read(target));
    if (!value.has_value()) throw std::runtime_error(value.error().context);
    if (value->baseline()) return std::nullopt;
    return std::get<double>(value->arguments.at("concurrency"));
  }

  std::string target = "zone/main";
  Instance instance;
  AdmissionLever lever;
};

struct AdmissionBench {
  AdmissionBench() { cluster.sql("CREATE ROLE app LOGIN"); }
  std::string sql(const std::string& text) const { return cluster.sql(text); }
  std::string status() const {
    return sql("SELECT status FROM homeostat.lever WHERE target = 'zone/main'");
  }
  /// running, waiting.
  std::string queue() const {
    return sql("SELECT running || ' ' || waiting FROM homeostat.zone_queue()");
  }
  PgClient& client() {
    clients.push_back(std::make_unique<PgClient>(cluster.address("app")));
    return *clients.back();
  }
  void fill(int slots) {
    for (int i = 0; i < slots; ++i) client().run("BEGIN; SELECT homeostat.admit('main')");
  }

  LedgerCluster cluster;
  AdmissionLeader one{cluster, "one"};
  std::vector<std::unique_ptr<PgClient>> clients;
};

// What refused a client, as `SQLSTATE|hint given`, or `admitted`.
constexpr const char* kAttempt =
    "CREATE FUNCTION attempt() RETURNS text LANGUAGE plpgsql AS $$"
    "DECLARE v_hint text; BEGIN PERFORM homeostat.admit('main'); RETURN 'admitted';"
    "EXCEPTION WHEN SQLSTATE 'HS004' THEN GET STACKED DIAGNOSTICS v_hint = PG_EXCEPTION_HINT;"
    "  RETURN SQLSTATE || '|' || (v_hint ~ 'after [0-9]+ ms')::text; END $$";

TEST_CASE_METHOD(AdmissionBench,
                 "a limit is set in ledger and zone at once, renewed and given back (S3)") {
  CHECK(one.stands() == std::nullopt);
  CHECK(one.set(40) == "applied");
  CHECK(one.stands() == 40);
  CHECK(status() == "open");
  CHECK(sql("SELECT count(DISTINCT x::text) FROM (SELECT xmin FROM homeostat.lever UNION ALL "
            "SELECT xmin FROM homeostat.act UNION ALL SELECT xmin FROM homeostat.zone_limit) "
            "AS t(x)") == "1");
  const auto before = sql("SELECT expires_at FROM homeostat.zone_limit");
  CHECK(one.renew() == "applied");
  CHECK(sql("SELECT expires_at > '" + before + "' FROM homeostat.zone_limit") == "t");
  // What a regulator computes reads back as the same number.
  for (const double slots : {40 * 0.7, 1.05 * 28, 1.0, 10'000.0}) {
    CHECK(one.set(slots) == "applied");
    CHECK(one.stands() == slots);
  }
  CHECK(one.revert() == "applied");
  CHECK(one.stands() == std::nullopt);
  CHECK(sql("SELECT count(*) FROM homeostat.zone_limit") == "0");
  CHECK(status() == "reverted");
}

TEST_CASE_METHOD(AdmissionBench,
                 "a limit is taken by its token once, and not from a leader of before (S2)") {
  const auto change = one.change(ChangeKind::apply);
  CHECK(one.outcome(change) == "applied");
  CHECK(one.outcome(change) == "applied");
  CHECK(sql("SELECT count(*) FROM homeostat.act") == "1");
  cluster.let_lease_run_out();
  CHECK(one.apply(one.change(ChangeKind::apply, 3)).outcome != ChangeOutcome::applied);
  CHECK(one.stands() == 5);
  AdmissionLeader two{cluster, "two"};
  CHECK(two.set(7) == "applied");
  CHECK(one.apply(one.change(ChangeKind::apply, 3)).outcome != ChangeOutcome::applied);
  CHECK(two.stands() == 7);
}

TEST_CASE_METHOD(AdmissionBench, "somebody else's limit is left alone (S6)") {
  SECTION("set before") {
    sql("INSERT INTO homeostat.zone_limit (zone, class, concurrency, queue_limit) VALUES "
        "('main', homeostat.zone_class('main'), 3, 0.1)");
    CHECK(one.set(40) == "yielded");
    CHECK(one.set(40) == "yielded");
    CHECK(sql("SELECT count(*) FROM homeostat.act") == "1");  // told once
    CHECK(one.stands() == 3);
  }
  SECTION("set over ours") {
    CHECK(one.set(40) == "applied");
    sql("UPDATE homeostat.zone_limit SET concurrency = 3");
    const auto kind = GENERATE(ChangeKind::apply, ChangeKind::renew, ChangeKind::revert);
    CHECK(one.outcome(one.change(kind)) == "yielded");
    CHECK(one.stands() == 3);
    CHECK(status() == "yielded");
  }
  SECTION("ours lifted") {
    CHECK(one.set(40) == "applied");
    sql("DELETE FROM homeostat.zone_limit");
    const auto answer = one.apply(one.change(ChangeKind::renew));
    CHECK(answer.outcome == ChangeOutcome::yielded);
    CHECK(answer.detail == "somebody else has lifted zone/main");
  }
}

TEST_CASE_METHOD(AdmissionBench, "what is no limit and no zone is refused, and leaves nothing") {
  for (const double slots : {0.0, -1.0, 10'001.0}) CHECK(one.set(slots) == "refused");
  for (const double limit : {-0.1, 0.6}) CHECK(one.set(5, limit) == "refused");
  for (const auto* target : {"zone/", "zone/x'y", "node/main", "main"}) {
    one.target = target;
    CHECK(one.set(5) == "refused");
    CHECK_THROWS_WITH(one.stands(), Contains("no target"));
  }
  CHECK(sql("SELECT count(*) FROM homeostat.act") == "0");
  CHECK(sql("SELECT count(*) FROM homeostat.lever") == "0");
}

TEST_CASE_METHOD(AdmissionBench, "a limit dies by itself, and expire() closes its row (H30)") {
  REQUIRE(one.set(1) == "applied");
  fill(1);
  CHECK_THROWS_WITH(client().run("BEGIN; SELECT homeostat.admit('main')"), Contains("is full"));
  for (const auto* table : {"zone_limit", "lever"}) {
    sql(std::string{"UPDATE homeostat."} + table +
        " SET expires_at = expires_at - interval '2 minutes'");
  }
  client().run("BEGIN; SELECT homeostat.admit('main')");
  cluster.let_lease_run_out();
  CHECK(sql("SELECT lever || ' ' || outcome FROM homeostat.expire()") == "admission applied");
  CHECK(status() == "reverted");
  CHECK(sql("SELECT count(*) FROM homeostat.zone_limit") == "0");
}

TEST_CASE_METHOD(
    AdmissionBench,
    "of 50 at once as many run as there are slots, and the others are refused in the end") {
  sql(kAttempt);
  REQUIRE(one.set(8) == "applied");
  fill(8);
  sql("CREATE TABLE attempts (result text); GRANT INSERT ON attempts TO PUBLIC");
  for (int i = 0; i < 42; ++i) client().send("INSERT INTO attempts SELECT attempt()");
  for (std::size_t i = 8; i < clients.size(); ++i) CHECK(clients[i]->finish());
  CHECK(sql("SELECT count(*) FROM attempts WHERE result = 'HS004|true'") == "42");
  CHECK(queue() == "8 0");
  // Each that ends lets in one.
  clients[0]->run("COMMIT");
  clients[9]->run("BEGIN; SELECT homeostat.admit('main')");
  CHECK(queue() == "8 0");
  CHECK(clients[10]->run("SELECT attempt()") == "HS004|true");
}

TEST_CASE_METHOD(AdmissionBench,
                 "who waits gets the slot that is given up, and no more wait than may") {
  REQUIRE(one.set(2) == "applied");
  // The wait is longer than any test takes to get here; it ends by what the test does.
  sql("ALTER TABLE homeostat.zone_limit DROP CONSTRAINT zone_limit_queue_limit_check");
  sql("UPDATE homeostat.zone_limit SET queue_limit = 600");
  fill(2);
  auto& first = client();
  auto& second = client();
  first.send("BEGIN; SELECT homeostat.admit('main')");
  second.send("BEGIN; SELECT homeostat.admit('main')");
  REQUIRE(eventually([&] { return queue() == "2 2"; }));
  CHECK_THROWS_WITH(client().run("BEGIN; SELECT homeostat.admit('main')"),
                    Contains("the queue is full, too"));
  CHECK(sql("SELECT oldest_seconds > 0 FROM homeostat.zone_queue()") == "t");
  // They sleep: nobody counts as blocked, nor as waiting for an advisory lock.
  CHECK(sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") == "0");
  CHECK(sql("SELECT count(*) FROM pg_locks WHERE NOT granted") == "0");

  clients[0]->run("COMMIT");
  REQUIRE(eventually([&] { return queue() == "2 1"; }));
  // A session that dies frees its slot.
  sql("SELECT pg_terminate_backend(" + std::to_string(clients[1]->pid()) + ")");
  CHECK(first.finish());
  CHECK(second.finish());
  CHECK(queue() == "2 0");

  // One that is cancelled while it waits leaves its place in the queue.
  auto& third = client();
  third.send("BEGIN; SELECT homeostat.admit('main')");
  REQUIRE(eventually([&] { return queue() == "2 1"; }));
  sql("SELECT pg_cancel_backend(" + std::to_string(third.pid()) + ")");
  CHECK_FALSE(third.finish());
  CHECK(queue() == "2 0");
  third.run("ROLLBACK");

  // And when the limit goes, all that wait go on.
  third.send("BEGIN; SELECT homeostat.admit('main')");
  REQUIRE(eventually([&] { return queue() == "2 1"; }));
  sql("DELETE FROM homeostat.zone_limit");
  CHECK(third.finish());
}

TEST_CASE_METHOD(AdmissionBench,
                 "critical transactions always pass, and take a slot when there is one") {
  REQUIRE(one.set(1, 0) == "applied");
  auto& first = client();
  first.run("BEGIN; SELECT homeostat.admit('main', critical => true)");
  CHECK(queue() == "1 0");
  client().run("BEGIN; SELECT homeostat.admit('main', critical => true)");
  CHECK(queue() == "1 0");
  CHECK_THROWS_WITH(client().run("BEGIN; SELECT homeostat.admit('main')"), Contains("is full"));
}

}  // namespace
}  // namespace homeostat
