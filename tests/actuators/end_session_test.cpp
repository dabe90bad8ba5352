// SPDX-License-Identifier: Apache-2.0
#include "actuators/end_session.hpp"

#include <catch2/catch.hpp>
#include <memory>

#include "policies/loader/sessions.hpp"
#include "sql/embedded.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/ledger_bench.hpp"

namespace homeostat {
namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using testing::eventually;
using testing::Instance;
using testing::LedgerCluster;
using testing::PgClient;

constexpr const char* kRow = "UPDATE item SET n = n + 1 WHERE id = ";

/// `batch` and `reporting` are managed; `critical` is not. Nobody need be idle for long.
struct SessionCluster : LedgerCluster {
  SessionCluster() {
    for (const auto* role : {"batch", "reporting", "critical"}) create_role(role);
    sql(session_roles_script({"batch", "reporting"}));
    sql("CREATE TABLE item (id integer PRIMARY KEY, n integer DEFAULT 0);"
        "INSERT INTO item SELECT generate_series(1, 9);"
        "GRANT SELECT, UPDATE ON item TO PUBLIC;"
        "UPDATE homeostat.session_limit SET least_idle = '0'");
  }
  std::string count(const std::string& what) const { return sql("SELECT count(*) FROM " + what); }
  bool lives(const std::string& pid) const {
    return count("pg_stat_activity WHERE pid = " + pid) == "1";
  }
  bool ended(const std::string& pid) const {
    return eventually([&] { return !lives(pid); });
  }
};

/// Somebody's open transaction over a row of `item`, and a critical one that waits for it.
struct Blockade {
  Blockade(const SessionCluster& cluster, const std::string& role, int item)
      : holder{cluster.address(role)}, waiter{cluster.address("critical")} {
    pid = holder.run("SELECT pg_backend_pid()");
    block(cluster, item);
  }
  void block(const SessionCluster& cluster, int item) {
    const auto row = kRow + std::to_string(item);
    holder.run("BEGIN; " + row);
    const auto waiting = "pg_locks WHERE NOT granted AND pid = " + waiter_pid;
    waiter.send(row);
    REQUIRE(eventually([&] { return cluster.count(waiting) == "1"; }));
  }

  PgClient holder;
  PgClient waiter;
  std::string waiter_pid = waiter.run("SELECT pg_backend_pid()");
  std::string pid;
};

struct SessionInstance : Instance {
  explicit SessionInstance(const SessionCluster& cluster, const std::string& name = "one")
      : Instance{cluster, name}, lever{session, testing::kPatient} {
    ledger.set_inventory({}, {}, {entry()});
    lead();
  }
  static SessionsConfig entry() { return {"batch", {"batch", "reporting"}, Duration::zero(), 3}; }

  Change change_to(ChangeKind kind, const SessionsConfig& to = entry()) {
    auto made = change(kind, "sessions/" + to.name);
    made.desired.key.lever = "end_session";
    made.desired.value = sessions_value(to);
    return made;
  }
  std::string told(Change change) {
    const auto result = testing::run_coroutine(io, lever.apply(std::move(change)));
    if (!result.has_value()) return "error: " + result.error().context;
    return std::string{to_text(result->outcome)} + ": " + result->detail;
  }
  std::string does(ChangeKind kind) { return told(change_to(kind)); }
  std::string sql(const std::string& text) {
    const auto table = testing::run_coroutine(io, session.query(text, {}, testing::kPatient));
    if (!table.has_value()) return "error: " + table.error().context;
    return std::string{table->text(0, 0).value_or("")};
  }
  /// The first half of an apply: whom it picks is written down. Returns their number.
  std::string pick() {
    ++sequence;
    return sql("SELECT picked FROM homeostat.sessions_apply(" + token() + ", 'sessions/batch', '" +
               R"({"roles": "batch, reporting", "idle_for": 0, "limit": 3})" +
               "', 60000000, 'p', 'cluster', 1, 'cafe', 'a test')");
  }
  /// The second half.
  std::string end_picked() { return sql("SELECT homeostat.sessions_end(" + token() + ")"); }
  std::string token() const { return std::to_string(epoch) + ", " + std::to_string(sequence); }

  EndSessionLever lever;
};

struct Bench {
  std::string sql(const std::string& text) const { return cluster.sql(text); }
  std::string acts() const {
    return sql("SELECT string_agg(kind || ' ' || outcome, ', ' ORDER BY id) FROM homeostat.act");
  }

  SessionCluster cluster;
  SessionInstance one{cluster};
};

TEST_CASE_METHOD(Bench, "who sits idle in a transaction and blocks is ended, and written down") {
  Blockade blockade{cluster, "batch", 1};
  CHECK(one.does(ChangeKind::apply) ==
        "applied: ended 1 session of batch, reporting, 1 of 3 this hour");
  CHECK(cluster.ended(blockade.pid));
  CHECK(blockade.waiter.finish());  // what it waited for is its own now
  CHECK(sql("SELECT concat_ws(' ', ended, target, role, policy, pid) FROM "
            "homeostat.ended_session") == "t sessions/batch batch circuit-breaker " + blockade.pid);
  CHECK(sql("SELECT status FROM homeostat.lever") == "open");
  const auto standing = testing::run_coroutine(one.io, one.lever.read("sessions/batch"));
  REQUIRE(standing.has_value());
  CHECK(*standing == sessions_value(SessionInstance::entry()));
  CHECK(acts() == "apply applied");
}

TEST_CASE_METHOD(Bench, "everybody else is left alone") {
  PgClient idle{cluster.address("batch")};  // blocks nobody
  idle.run(std::string{"BEGIN; "} + kRow + "1");
  PgClient keeper{cluster.address("batch")};  // of an advisory lock, which is no row
  keeper.run("BEGIN; SELECT pg_advisory_xact_lock(7)");
  PgClient candidate{cluster.address("critical")};
  candidate.send("SELECT pg_advisory_lock(7)");
  Blockade unnamed{cluster, "critical", 2};
  Blockade busy{cluster, "batch", 3};
  busy.holder.send("SELECT pg_sleep(3600)");
  REQUIRE(eventually([&] {
    return cluster.count("pg_stat_activity WHERE state = 'active' AND pid = " + busy.pid) == "1" &&
           cluster.count("pg_locks WHERE NOT granted") == "3";
  }));
  CHECK(one.does(ChangeKind::apply) == "applied: ");
  CHECK(one.does(ChangeKind::renew) == "applied: ");
  CHECK(cluster.count("homeostat.ended_session") == "0");
  CHECK(idle.run("SELECT 1") == "1");
  CHECK(keeper.run("SELECT 1") == "1");
  CHECK(cluster.lives(unnamed.pid));
  CHECK(cluster.lives(busy.pid));
}

TEST_CASE_METHOD(Bench, "who has not been idle for long enough is left alone") {
  Blockade blockade{cluster, "batch", 1};
  auto patient = SessionInstance::entry();
  patient.idle_for = std::chrono::hours{1};
  SECTION("by the inventory") { one.ledger.set_inventory({}, {}, {patient}); }
  SECTION("by the database, which is the stricter one") {
    sql("UPDATE homeostat.session_limit SET least_idle = '1 hour'");
    patient = SessionInstance::entry();
  }
  one.lead();
  CHECK(one.told(one.change_to(ChangeKind::apply, patient)) == "applied: ");
  CHECK(cluster.lives(blockade.pid));
}

TEST_CASE_METHOD(Bench, "no more are ended in an hour than allowed, whoever leads") {
  std::vector<std::unique_ptr<Blockade>> blockades;
  const auto add = [&](int item) {
    blockades.push_back(std::make_unique<Blockade>(cluster, "reporting", item));
  };
  add(1);
  add(2);
  CHECK_THAT(one.does(ChangeKind::apply), Contains("ended 2 sessions") && Contains("2 of 3"));
  CHECK(one.does(ChangeKind::renew) == "applied: ");
  add(3);
  add(4);
  CHECK(one.does(ChangeKind::renew) ==
        "applied: ended 1 session of batch, reporting, 3 of 3 this hour; left alone: 1 "
        "more of batch, reporting, for the hour's limit is reached");
  CHECK(cluster.ended(blockades[2]->pid));  // whose transaction is the older one
  CHECK_THAT(one.does(ChangeKind::renew), StartsWith("applied: left alone: 1 more of batch"));
  cluster.let_lease_run_out();
  SessionInstance two{cluster, "two"};
  CHECK_THAT(two.does(ChangeKind::apply), StartsWith("applied: left alone: 1 more of batch"));
  CHECK(cluster.lives(blockades[3]->pid));
  sql("UPDATE homeostat.ended_session SET at = at - interval '61 minutes'");
  sql("UPDATE homeostat.session_limit SET most_an_hour = 0");
  CHECK_THAT(two.does(ChangeKind::renew), StartsWith("applied: left alone: 1 more of batch"));
  sql("UPDATE homeostat.session_limit SET most_an_hour = 20");
  CHECK_THAT(two.does(ChangeKind::renew), Contains("1 of 3 this hour"));
  CHECK(cluster.ended(blockades[3]->pid));
}

TEST_CASE_METHOD(Bench, "no more are ended than all policies may in an hour, as configured (S6)") {
  one.ledger.set_inventory({}, {}, {SessionInstance::entry()}, 2);
  one.lead();
  std::vector<std::unique_ptr<Blockade>> blockades;
  for (const int item : {1, 2, 3}) {
    blockades.push_back(std::make_unique<Blockade>(cluster, "reporting", item));
  }
  CHECK_THAT(one.does(ChangeKind::apply),
             Contains("ended 2 sessions") && Contains("left alone: 1 more of batch"));
  CHECK(cluster.lives(blockades[2]->pid));
  const auto orders = testing::run_coroutine(one.io, one.ledger.orders(testing::kPatient));
  REQUIRE(orders.has_value());
  CHECK(orders->sessions_ended == 2);
  sql("UPDATE homeostat.ended_session SET at = at - interval '61 minutes'");
  CHECK_THAT(one.does(ChangeKind::renew), Contains("1 of 3 this hour"));
  CHECK(cluster.ended(blockades[2]->pid));
}

TEST_CASE_METHOD(Bench, "who is somebody else between look and act is not ended (H58)") {
  Blockade blockade{cluster, "batch", 1};
  REQUIRE(one.pick() == "1");
  std::string expected = "pid " + blockade.pid + " of batch is at work again or gone";
  SECTION("a pooled session has begun another transaction, and blocks again") {
    blockade.holder.run("ROLLBACK");
    REQUIRE(blockade.waiter.finish());
    blockade.block(cluster, 2);
  }
  SECTION("the pid is another session's") {
    sql("UPDATE homeostat.ended_session SET backend_start = backend_start - interval '1 second'");
  }
  SECTION("it is at work again") {
    blockade.holder.send("SELECT pg_sleep(3600)");
    const auto active = "pg_stat_activity WHERE state = 'active' AND pid = " + blockade.pid;
    REQUIRE(eventually([&] { return cluster.count(active) == "1"; }));
  }
  SECTION("it blocks nobody any more") {
    sql("SELECT pg_terminate_backend(" + blockade.waiter_pid + ")");
    CHECK(cluster.ended(blockade.waiter_pid));
  }
  SECTION("the row is past its expiry") {
    sql("UPDATE homeostat.lever SET expires_at = clock_timestamp()");
    expected = "nobody is ended";
  }
  SECTION("somebody else leads") {
    sql("UPDATE homeostat.lease SET epoch = epoch + 1");
    expected = "error: homeostat: epoch 1 is superseded";
  }
  SECTION("the right to end is gone") {
    sql("REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA homeostat_roles FROM homeostat_owner");
    expected = "of batch: permission denied";
  }
  CHECK_THAT(one.end_picked(), Contains(expected));
  CHECK(cluster.lives(blockade.pid));
}

TEST_CASE_METHOD(Bench, "who was picked is ended when nothing has changed, and once (S2)") {
  Blockade blockade{cluster, "batch", 1};
  REQUIRE(one.pick() == "1");
  CHECK(cluster.lives(blockade.pid));
  CHECK_THAT(one.end_picked(), StartsWith("ended 1 session"));
  CHECK(cluster.ended(blockade.pid));
  CHECK(one.end_picked() == "ended 0 sessions of batch, reporting, 1 of 3 this hour");
}

TEST_CASE_METHOD(Bench, "a token of end_session is used once (S2)") {
  const auto change = one.change_to(ChangeKind::apply);
  CHECK(one.told(change) == "applied: ");
  Blockade blockade{cluster, "batch", 1};
  CHECK(one.told(change) == "applied: this token was used before");
  CHECK(cluster.lives(blockade.pid));
  const auto renewal = one.change_to(ChangeKind::renew);
  CHECK_THAT(one.told(renewal), Contains("ended 1 session"));
  Blockade second{cluster, "batch", 2};
  CHECK(one.told(renewal) == "applied: this token was used before");
  CHECK(cluster.lives(second.pid));
}

TEST_CASE_METHOD(Bench, "a superseded leader ends nobody (S1, H32)") {
  REQUIRE(one.does(ChangeKind::apply) == "applied: ");
  Blockade blockade{cluster, "batch", 1};
  sql("UPDATE homeostat.lease SET epoch = epoch + 1");
  for (const auto kind : {ChangeKind::apply, ChangeKind::renew, ChangeKind::revert}) {
    CHECK_THAT(one.does(kind), StartsWith("error: ") && Contains("superseded"));
  }
  CHECK(cluster.lives(blockade.pid));
  CHECK(acts() == "apply applied");
  CHECK(cluster.count("homeostat.ended_session") == "0");
}

TEST_CASE_METHOD(Bench, "while nothing may move forward a renewal renews and ends nobody (S7)") {
  REQUIRE(one.does(ChangeKind::apply) == "applied: ");
  Blockade blockade{cluster, "batch", 1};
  const auto before = sql("SELECT expires_at FROM homeostat.lever");
  auto renewal = one.change_to(ChangeKind::renew);
  renewal.barred = true;
  CHECK(one.told(renewal) == "applied: ");
  CHECK(sql("SELECT expires_at FROM homeostat.lever") != before);
  CHECK(cluster.lives(blockade.pid));
}

TEST_CASE_METHOD(Bench, "a revert closes the row and ends nobody") {
  REQUIRE(one.does(ChangeKind::apply) == "applied: ");
  Blockade blockade{cluster, "batch", 1};
  CHECK(one.does(ChangeKind::revert) == "applied: ");
  CHECK(sql("SELECT status FROM homeostat.lever") == "reverted");
  CHECK(acts() == "apply applied, revert applied");
  CHECK(one.does(ChangeKind::revert) == "applied: the ledger has no open row for sessions/batch");
  CHECK(one.does(ChangeKind::renew) == "refused: the ledger has no open row for sessions/batch");
  CHECK(cluster.lives(blockade.pid));
}

TEST_CASE_METHOD(Bench, "expire: the row is closed when nobody leads, and nobody is ended (H22)") {
  REQUIRE(one.does(ChangeKind::apply) == "applied: ");
  Blockade blockade{cluster, "batch", 1};
  cluster.let_lease_run_out();
  CHECK(sql("SELECT homeostat.expire()").empty());
  sql("UPDATE homeostat.lever SET expires_at = clock_timestamp()");
  CHECK(sql("SELECT concat_ws(' ', lever, target, outcome) FROM homeostat.expire()") ==
        "end_session sessions/batch applied");
  CHECK(sql("SELECT status FROM homeostat.lever") == "reverted");
  CHECK(cluster.lives(blockade.pid));
}

TEST_CASE_METHOD(Bench, "what the inventory does not name is refused (S8)") {
  auto other = SessionInstance::entry();
  other.roles = {"batch", "critical"};
  CHECK(one.told(one.change_to(ChangeKind::apply, other)) ==
        "refused: nothing is registered as 'sessions/batch' with this value");
  other.name = "other";
  CHECK_THAT(one.told(one.change_to(ChangeKind::apply, other)),
             StartsWith("refused: nothing is registered as 'sessions/other'"));
  // An inventory that has changed meanwhile: what stands is renewed no more.
  REQUIRE(one.does(ChangeKind::apply) == "applied: ");
  one.ledger.set_inventory({}, {}, {});
  one.lead();
  CHECK_THAT(one.does(ChangeKind::renew), StartsWith("refused: nothing is registered"));
}

TEST_CASE_METHOD(Bench, "roles that must not be touched are refused, role and reason named (S8)") {
  const auto told = [&](const std::string& role) {
    auto entry = SessionInstance::entry();
    entry.roles = {"batch", role};
    one.ledger.set_inventory({}, {}, {entry});
    one.lead();
    return one.told(one.change_to(ChangeKind::apply, entry));
  };
  CHECK(told("nobody") == "refused: role 'nobody' does not exist");
  CHECK(told("postgres") == "refused: role postgres is a superuser");
  CHECK(told("homeostat_actuator") == "refused: role homeostat_actuator is one of Homeostat's own");
  CHECK(told("critical") ==
        "refused: role critical has no wrapper: see homeostat grants --actuator --config");
  sql("ALTER ROLE reporting REPLICATION");
  CHECK(told("reporting") == "refused: role reporting may replicate: its sessions are never ended");
  CHECK(cluster.count("homeostat.lever") == "0");
}

TEST_CASE_METHOD(Bench, "a privilege lost meanwhile is named by the next renewal (H14)") {
  REQUIRE(one.does(ChangeKind::apply) == "applied: ");
  Blockade blockade{cluster, "reporting", 1};
  std::string expected;
  SECTION("REVOKE EXECUTE on the look") {
    sql("REVOKE EXECUTE ON FUNCTION homeostat_roles.batch(interval) FROM homeostat_owner");
    expected = "GRANT EXECUTE ON FUNCTION homeostat_roles.batch(interval) TO homeostat_owner";
  }
  SECTION("REVOKE EXECUTE on the end") {
    sql("REVOKE EXECUTE ON FUNCTION homeostat_roles.batch(integer, timestamptz, timestamptz, "
        "interval) FROM homeostat_owner");
    expected = "GRANT EXECUTE ON FUNCTION homeostat_roles.batch(integer, ";
  }
  SECTION("REASSIGN OWNED") {
    sql("REASSIGN OWNED BY batch TO critical");
    expected = "the wrapper of role batch belongs to role critical";
  }
  CHECK_THAT(one.does(ChangeKind::renew), StartsWith("refused: ") && Contains(expected));
  CHECK(cluster.lives(blockade.pid));
  CHECK(one.does(ChangeKind::revert) == "applied: ");  // needs no wrapper
  sql(session_roles_script({"batch", "reporting"}));
  CHECK_THAT(one.does(ChangeKind::apply), Contains("ended 1 session"));
}

TEST_CASE_METHOD(Bench, "only the schema's functions reach a wrapper, and it sees its role alone") {
  cluster.sql("GRANT reporting TO batch");  // a member could see and end these, too
  const Blockade other{cluster, "reporting", 1};
  const Blockade own{cluster, "batch", 2};
  for (const auto* role : {"homeostat_actuator", "homeostat_monitor", "batch", "critical"}) {
    CAPTURE(role);
    PgClient client{cluster.address(role)};
    CHECK_THROWS_WITH(client.run("SELECT homeostat_roles.batch('0')"),
                      Contains("permission denied"));
  }
  PgClient owner{cluster.address("homeostat_owner")};
  CHECK(owner.run("SELECT pid FROM homeostat_roles.batch('0')") == own.pid);
  CHECK(owner.run("SELECT homeostat_roles.batch(pid, backend_start, xact_start, '0') FROM "
                  "homeostat_roles.reporting('0')") == "f");
  CHECK(cluster.lives(other.pid));
  CHECK_THROWS_WITH(owner.run("SELECT pg_terminate_backend(" + own.pid + ")"),
                    Contains("must be a member") || Contains("permission denied to terminate"));
}

TEST_CASE_METHOD(Bench, "names of end_session that are no names are refused (H44)") {
  for (const std::string target : {"sessions/", "profile/batch", "sessions", "sessions/-x"}) {
    CAPTURE(target);
    auto change = one.change_to(ChangeKind::apply);
    change.desired.key.target = target;
    CHECK(one.told(change) == "refused: no target of lever end_session");
    CHECK_FALSE(testing::run_coroutine(one.io, one.lever.read(target)).has_value());
  }
}

TEST_CASE("the configuration and the database have the same limits for end_session") {
  LedgerCluster cluster;
  const auto entry = loader::sessions_key().shapes.front();
  const auto least = *loader::find_key(entry, "idle_for")->range.min;
  const auto most = *loader::find_key(entry, "limit")->range.max;
  CHECK(cluster.sql("SELECT extract(epoch FROM least_idle)::integer FROM "
                    "homeostat.session_limit") == std::to_string(static_cast<int>(least)));
  CHECK(cluster.sql("SELECT most_an_hour FROM homeostat.session_limit") ==
        std::to_string(static_cast<int>(most)));
}

TEST_CASE("roles that are missing, superusers or replicate stop the script of end_session") {
  SessionCluster cluster;
  CHECK_THROWS_WITH(cluster.sql(session_roles_script({"batch", "nobody"})),
                    Contains("role nobody of the inventory does not exist"));
  CHECK_THROWS_WITH(cluster.sql(session_roles_script({"postgres"})),
                    Contains("role postgres is a superuser or may replicate"));
  cluster.sql("ALTER ROLE batch REPLICATION");
  CHECK_THROWS_WITH(cluster.sql(session_roles_script({"batch"})), Contains("may replicate"));
  cluster.sql("ALTER ROLE batch NOREPLICATION");
  cluster.sql(session_roles_script({"batch", "reporting"}));  // again: nothing that stands changes
}

}  // namespace
}  // namespace homeostat
