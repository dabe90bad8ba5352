// SPDX-License-Identifier: Apache-2.0
#include "actuators/feature.hpp"

#include <catch2/catch.hpp>

#include "tests/support/eventually.hpp"
#include "tests/support/ledger_bench.hpp"
#include "tests/support/listener.hpp"
#include "tests/support/lost_standby.hpp"

namespace homeostat {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using testing::Instance;
using testing::LedgerCluster;
using testing::PgClient;

struct FeatureBench {
  FeatureBench() { one.lead(); }

  std::string sql(const std::string& text) const { return cluster.sql(text); }
  std::string count(const std::string& table) const {
    return sql("SELECT count(*) FROM homeostat." + table);
  }
  std::string standing(const std::string& target = "class/batch") const {
    return sql("SELECT admit FROM homeostat.admission WHERE target = '" + target + "'");
  }
  std::string status(const std::string& target = "class/batch") const {
    return sql("SELECT status FROM homeostat.lever WHERE target = '" + target + "'");
  }
  std::string allowed(const std::string& feature) const {
    return sql("SELECT homeostat.allowed('" + feature + "', 'somebody')");
  }
  Result<LeverValue> read(std::string target = "class/batch") {
    return testing::run_coroutine(one.io, one.feature.read(std::move(target)));
  }

  LedgerCluster cluster;
  Instance one{cluster};
};

TEST_CASE_METHOD(FeatureBench, "a share is set with its ledger row and its act, and given back") {
  CHECK(one.set("class/batch", 0) == "applied");
  CHECK(allowed("monthly_report") == "f");
  CHECK(allowed("recommendations") == "t");
  CHECK(status() == "open");
  CHECK(sql("SELECT prior IS NULL AND value = '{\"admit\": 0}' FROM homeostat.lever") == "t");
  // One transaction wrote all three (S3).
  CHECK(sql("SELECT count(DISTINCT x::text) FROM (SELECT xmin FROM homeostat.lever UNION ALL "
            "SELECT xmin FROM homeostat.act UNION ALL SELECT xmin FROM homeostat.admission) "
            "AS t(x)") == "1");
  auto value = read();
  REQUIRE(value.has_value());
  CHECK(std::get<double>(value->arguments.at("admit")) == 0);

  CHECK(one.revert("class/batch") == "applied");
  CHECK(allowed("monthly_report") == "t");
  CHECK(status() == "reverted");
  CHECK(count("admission") == "0");  // what was inherited stands again
  value = read();
  REQUIRE(value.has_value());
  CHECK(value->baseline());
  CHECK(sql("SELECT string_agg(kind || ' ' || outcome, ', ' ORDER BY id) FROM homeostat.act") ==
        "apply applied, revert applied");
}

TEST_CASE_METHOD(FeatureBench, "what was written reads back as the same number") {
  for (const double share : {0.05, 0.07, 0.1, 1.0 / 3, 0.25, 1.0}) {
    CHECK(one.set("class/batch", share) == "applied");
    const auto value = read();
    REQUIRE(value.has_value());
    CHECK(std::get<double>(value->arguments.at("admit")) == share);
  }
}

TEST_CASE_METHOD(FeatureBench, "the same token twice has one effect (S2)") {
  const auto change = one.change(ChangeKind::apply, "class/batch", 0.25);
  CHECK(one.outcome(change) == "applied");
  const auto after_first = sql("SELECT a::text FROM homeostat.admission a");
  CHECK(one.outcome(change) == "applied");
  CHECK(sql("SELECT a::text FROM homeostat.admission a") == after_first);
  CHECK(count("act") == "1");

  const auto renewal = one.change(ChangeKind::renew, "class/batch");
  CHECK(one.outcome(renewal) == "applied");
  const auto after_renewal = sql("SELECT a::text FROM homeostat.admission a");
  CHECK(after_renewal != after_first);
  CHECK(one.outcome(renewal) == "applied");
  CHECK(sql("SELECT a::text FROM homeostat.admission a") == after_renewal);

  const auto back = one.change(ChangeKind::revert, "class/batch");
  CHECK(one.outcome(back) == "applied");
  CHECK(one.outcome(back) == "applied");
  CHECK(count("act") == "2");
}

TEST_CASE_METHOD(FeatureBench,
                 "an older token, or one used for something else, is turned away (S2)") {
  const auto older = one.change(ChangeKind::apply, "class/non_critical", 0);
  auto used = one.change(ChangeKind::apply, "class/batch", 0);
  CHECK(one.outcome(used) == "applied");
  const auto late = one.apply(older);
  REQUIRE_FALSE(late.has_value());
  CHECK(late.error().code == ErrorCode::superseded);
  used.kind = ChangeKind::revert;
  const auto reused = one.apply(used);
  REQUIRE_FALSE(reused.has_value());
  CHECK(reused.error().code == ErrorCode::superseded);
  CHECK(status() == "open");
  CHECK(count("act") == "1");
}

TEST_CASE_METHOD(FeatureBench, "every kind of write of a superseded epoch is without effect (S1)") {
  REQUIRE(one.set("class/batch", 0.5) == "applied");
  const auto before =
      sql("SELECT l::text || a::text FROM homeostat.lever l, homeostat.admission a");
  sql("UPDATE homeostat.lease SET epoch = epoch + 1");
  for (const auto kind : {ChangeKind::apply, ChangeKind::renew, ChangeKind::revert}) {
    const auto late = one.apply(one.change(kind, "class/batch", 0));
    REQUIRE_FALSE(late.has_value());
    CHECK(late.error().code == ErrorCode::superseded);
  }
  CHECK(sql("SELECT l::text || a::text FROM homeostat.lever l, homeostat.admission a") == before);
  CHECK(count("act") == "1");
}

TEST_CASE_METHOD(FeatureBench, "an effect that fails leaves no ledger row and no act (S3)") {
  sql("CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS "
      "'BEGIN RAISE EXCEPTION ''no effect today''; END';"
      "CREATE TRIGGER fail BEFORE INSERT ON homeostat.admission "
      "FOR EACH ROW EXECUTE FUNCTION fail()");
  const auto result = one.apply(one.change(ChangeKind::apply, "class/batch", 0));
  REQUIRE(result.has_value());
  CHECK(result->outcome == ChangeOutcome::refused);
  CHECK_THAT(result->detail, Contains("no effect today"));
  CHECK(count("lever") == "0");
  CHECK(count("act") == "0");
}

TEST_CASE_METHOD(FeatureBench,
                 "a value that somebody else wrote over ours is never overwritten (H18, S9)") {
  REQUIRE(one.set("class/batch", 0) == "applied");
  sql("UPDATE homeostat.admission SET admit = 0.5");
  const auto kind = GENERATE(ChangeKind::apply, ChangeKind::renew, ChangeKind::revert);
  const auto result = one.apply(one.change(kind, "class/batch", 0.25));
  REQUIRE(result.has_value());
  CHECK(result->outcome == ChangeOutcome::yielded);
  CHECK_THAT(result->detail, Contains("class/batch"));
  CHECK(standing() == "0.5");
  CHECK(status() == "yielded");
  CHECK(sql("SELECT outcome || found::text FROM homeostat.act ORDER BY id DESC LIMIT 1") ==
        "yielded{\"admit\": 0.5}");
  // Again and again, with one act to show for it.
  const auto acts = count("act");
  CHECK(one.set("class/batch", 0) == "yielded");
  CHECK(one.revert("class/batch") == "applied");  // nothing of ours is left to revert
  CHECK(standing() == "0.5");
  CHECK(count("act") == acts);
}

TEST_CASE_METHOD(FeatureBench, "an expiry that somebody else moved makes the value theirs (H18)") {
  REQUIRE(one.set("class/batch", 0) == "applied");
  sql("UPDATE homeostat.admission SET expires_at = NULL");
  CHECK(one.revert("class/batch") == "yielded");
  CHECK(standing() == "0");
}

TEST_CASE_METHOD(FeatureBench,
                 "a restriction that stood before us is left alone until it is gone (S9)") {
  sql("INSERT INTO homeostat.admission (target, admit, salt) VALUES ('class/batch', 0.5, '')");
  CHECK(one.set("class/batch", 0) == "yielded");
  CHECK(one.set("class/batch", 0) == "yielded");
  CHECK(standing() == "0.5");
  CHECK(count("act") == "1");
  sql("DELETE FROM homeostat.admission");
  CHECK(one.set("class/batch", 0) == "applied");
}

TEST_CASE_METHOD(FeatureBench, "what somebody lifted is not set again by the same opening (H18)") {
  PolicyMemory open;
  open.policy = "circuit-breaker";
  open.state = BreakerState::open;
  open.opened = one.clock.now();
  REQUIRE(one.keep({open}).has_value());
  REQUIRE(one.set("class/batch", 0) == "applied");
  sql("DELETE FROM homeostat.admission");
  CHECK(one.renew("class/batch") == "yielded");
  CHECK(one.set("class/batch", 0) == "yielded");
  CHECK(count("admission") == "0");
  CHECK(count("act") == "2");
  // A later opening is new evidence.
  sql("UPDATE homeostat.policy_state SET opened_at = clock_timestamp()");
  CHECK(one.set("class/batch", 0) == "applied");
}

TEST_CASE_METHOD(FeatureBench,
                 "steps of one activation keep the salt, the next activation has its own (H60)") {
  const auto salt = [&] { return sql("SELECT salt FROM homeostat.admission"); };
  REQUIRE(one.set("class/batch", 0) == "applied");
  const auto first = salt();
  CHECK(first.size() == 2 + 32);
  REQUIRE(one.set("class/batch", 0.05) == "applied");
  CHECK(salt() == first);
  REQUIRE(one.renew("class/batch") == "applied");
  CHECK(salt() == first);
  REQUIRE(one.revert("class/batch") == "applied");
  REQUIRE(one.set("class/batch", 0) == "applied");
  CHECK(salt() != first);
}

TEST_CASE_METHOD(FeatureBench,
                 "a renewal moves the expiry of row and ledger together, and only that") {
  REQUIRE(one.set("class/batch", 0.25) == "applied");
  const auto before = sql("SELECT expires_at FROM homeostat.admission");
  REQUIRE(one.renew("class/batch") == "applied");
  CHECK(sql("SELECT expires_at FROM homeostat.admission") != before);
  CHECK(sql("SELECT a.expires_at = l.expires_at AND a.admit = 0.25 "
            "FROM homeostat.admission a, homeostat.lever l") == "t");
  CHECK(count("act") == "1");
  CHECK(one.renew("class/non_critical") == "refused");
}

TEST_CASE_METHOD(FeatureBench,
                 "a successor finds what its predecessor set, and renews or reverts it") {
  REQUIRE(one.set("class/batch", 0) == "applied");
  REQUIRE(one.set("class/non_critical", 0) == "applied");
  cluster.let_lease_run_out();
  sql("UPDATE homeostat.lever SET expires_at = expires_at - interval '1 hour'");
  sql("UPDATE homeostat.admission SET expires_at = expires_at - interval '1 hour'");
  Instance two{cluster, "two"};
  two.lead();
  CHECK(two.renew("class/batch") == "applied");
  CHECK(allowed("monthly_report") == "f");
  CHECK(two.revert("class/non_critical") == "applied");
  CHECK(standing("class/non_critical").empty());
}

TEST_CASE_METHOD(FeatureBench,
                 "names that are no names are refused before and in the database (H44)") {
  const std::string drop = "class/x\"; DROP TABLE homeostat.lever; --";
  const std::vector<std::string> bad{drop,
                                     "class/x'; DROP TABLE homeostat.lever; --",
                                     "class/",
                                     "class",
                                     "role/x",
                                     std::string{"class/batch\0x", 13},
                                     "class/ x",
                                     "class/" + std::string(64, 'x'),
                                     "class/\xff",
                                     "class/-x",
                                     ""};
  for (const auto& target : bad) {
    CAPTURE(target);
    CHECK(one.set(target, 0) == "refused");
    CHECK(one.renew(target) == "refused");
    CHECK(one.revert(target) == "refused");
    CHECK_FALSE(read(target).has_value());
  }
  // Behind the lever's own check stands the database's.
  const auto direct = one.ledger.identity();
  PgClient superuser{cluster.address()};
  CHECK_THROWS_WITH(superuser.run("INSERT INTO homeostat.admission (target, admit, salt) VALUES "
                                  "('class/x\"; DROP TABLE homeostat.lever; --', 0, '')"),
                    Contains("check constraint"));
  CHECK_THROWS_WITH(superuser.run("INSERT INTO homeostat.feature VALUES ('a b', 'batch')"),
                    Contains("check constraint"));
  CHECK(count("lever") == "0");
  CHECK(count("act") == "0");
}

TEST_CASE_METHOD(FeatureBench, "text from policies is data, whatever it contains (H44)") {
  auto change = one.change(ChangeKind::apply, "class/batch", 0);
  change.desired.reason = "'); DROP TABLE homeostat.act; --";
  change.desired.policy = "x'\"; DELETE FROM homeostat.lever; --";
  CHECK(one.outcome(change) == "applied");
  CHECK(sql("SELECT reason FROM homeostat.act") == change.desired.reason);
  CHECK(sql("SELECT policy FROM homeostat.lever") == change.desired.policy);
}

TEST_CASE_METHOD(FeatureBench,
                 "a value that is no share, and a class without features, are refused (S8)") {
  for (const double share : {-0.1, 1.1, std::numeric_limits<double>::quiet_NaN(),
                             std::numeric_limits<double>::infinity()}) {
    CHECK(one.set("class/batch", share) == "refused");
  }
  auto text = one.change(ChangeKind::apply, "class/batch");
  text.desired.value.arguments["admit"] = std::string{"0"};
  CHECK(one.outcome(text) == "refused");
  auto more = one.change(ChangeKind::apply, "class/batch", 0);
  more.desired.value.arguments["other"] = 1.0;
  CHECK(one.outcome(more) == "refused");
  auto forever = one.change(ChangeKind::apply, "class/batch", 0);
  forever.desired.ttl = 25h;
  CHECK(one.outcome(forever) == "refused");
  forever.desired.ttl = 0s;
  CHECK(one.outcome(forever) == "refused");
  const auto unknown = one.apply(one.change(ChangeKind::apply, "class/no_such", 0));
  REQUIRE(unknown.has_value());
  CHECK(unknown->outcome == ChangeOutcome::refused);
  CHECK_THAT(unknown->detail, Contains("no feature is registered") && Contains("class/no_such"));
  CHECK(count("lever") == "0");
}

TEST_CASE_METHOD(FeatureBench,
                 "a lever can be set while the only synchronous standby is dead (H62)") {
  REQUIRE(testing::lose_standby(cluster));
  PgClient application{cluster.address()};
  application.send("CREATE TABLE t ()");  // everybody else waits, for good
  REQUIRE(testing::eventually([&] {
    return sql("SELECT wait_event FROM pg_stat_activity WHERE pid = " +
               std::to_string(application.pid())) == "SyncRep";
  }));
  FeatureLever hurried{one.session, one.clock, 5s};
  const auto result = testing::run_coroutine(
      one.io, hurried.apply(one.change(ChangeKind::apply, "class/batch", 0)));
  REQUIRE(result.has_value());
  CHECK(result->outcome == ChangeOutcome::applied);
  CHECK(result->detail.empty());  // the hint went out, too
  CHECK(one.lead().epoch == 1);
  cluster.reload("synchronous_standby_names", "");
  CHECK(application.finish());
}

TEST_CASE_METHOD(
    FeatureBench,
    "a locked ledger is given up by lock_timeout, nothing is written, it heals (H33)") {
  PgClient dba{cluster.address()};
  dba.run("BEGIN; LOCK TABLE homeostat.lever");
  const auto result = one.apply(one.change(ChangeKind::apply, "class/batch", 0));
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().code == ErrorCode::cancelled);
  dba.run("COMMIT");
  CHECK(count("lever") == "0");
  CHECK(one.set("class/batch", 0) == "applied");
}

TEST_CASE_METHOD(FeatureBench, "a frozen server makes the outcome unknown by the deadline (H13)") {
  FeatureLever hurried{one.session, one.clock, 500ms};
  cluster.freeze();
  const auto result = testing::run_coroutine(
      one.io, hurried.apply(one.change(ChangeKind::apply, "class/batch", 0)));
  cluster.thaw();
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().code == ErrorCode::timeout);
  CHECK_FALSE(one.session.connected());
}

TEST_CASE_METHOD(FeatureBench, "the actuator can do nothing but call its functions") {
  REQUIRE(one.set("class/batch", 0) == "applied");
  PgClient actuator{cluster.address("homeostat_actuator")};
  const std::vector<std::string> forbidden{
      "UPDATE homeostat.act SET reason = 'x'",
      "DELETE FROM homeostat.act",
      "TRUNCATE homeostat.act",
      "INSERT INTO homeostat.admission (target, admit, salt) VALUES ('class/x', 0, '')",
      "UPDATE homeostat.admission SET admit = 1",
      "DELETE FROM homeostat.lever",
      "UPDATE homeostat.lease SET epoch = epoch + 1",
      "INSERT INTO homeostat.feature VALUES ('x', 'y')",
      "UPDATE homeostat.policy_state SET rung = 0",
      "SELECT homeostat.fence(1)",
      "SELECT homeostat.ledger_stand(1, 9, 'feature', 'class/x', NULL, '{}', 1, '', '', 1, '', '')",
      "CREATE TABLE homeostat.mine ()",
      "ALTER SYSTEM SET work_mem = '1GB'",
      "SET log_statement = 'all'",
      "CREATE ROLE more",
      "ALTER ROLE postgres SET work_mem = '1GB'",
      "SET ROLE homeostat_owner",
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres'",
      "COPY homeostat.act TO '/tmp/act'"};
  PgClient superuser{cluster.address()};
  for (const auto& statement : forbidden) {
    CAPTURE(statement);
    CHECK_THROWS(actuator.run(statement));
  }
  // A session without the lease cannot use the functions, either.
  CHECK_THROWS_WITH(actuator.run("SELECT homeostat.feature_revert(1, 99, 'class/batch', "
                                 "'p', 'cluster', 'r')"),
                    Contains("does not hold the lease"));
  CHECK(standing() == "0");
}

TEST_CASE_METHOD(FeatureBench, "acts are append-only for everybody, the owner included") {
  REQUIRE(one.set("class/batch", 0) == "applied");
  CHECK_THROWS_WITH(sql("UPDATE homeostat.act SET reason = 'x'"), Contains("append-only"));
  CHECK_THROWS_WITH(sql("DELETE FROM homeostat.act"), Contains("append-only"));
  CHECK_THROWS_WITH(sql("TRUNCATE homeostat.act"), Contains("append-only"));
  CHECK(count("act") == "1");
}

TEST_CASE_METHOD(FeatureBench,
                 "a change is hinted at once, further ones of the same second together (H55)") {
  testing::Listener listener{cluster.address()};
  const auto flush = [&] {
    REQUIRE(testing::run_coroutine(one.io, one.feature.after_step()).has_value());
  };
  REQUIRE(one.set("class/batch", 0) == "applied");
  CHECK(listener.hears(R"({"admit":{"class/batch":0.0},"lever":"feature"})"));

  REQUIRE(one.set("class/non_critical", 0) == "applied");
  REQUIRE(one.revert("class/batch") == "applied");
  flush();
  CHECK(listener.heard().empty());  // no time has passed
  one.clock.advance(1s);
  flush();
  CHECK(listener.hears(
      R"({"admit":{"class/batch":1.0,"class/non_critical":0.0},"lever":"feature"})"));
  one.clock.advance(1s);
  flush();
  CHECK(listener.heard().empty());
}

TEST_CASE_METHOD(FeatureBench,
                 "a hint that cannot be sent leaves the lever applied and says so (H55)") {
  sql("REVOKE EXECUTE ON FUNCTION pg_notify(text, text) FROM PUBLIC");
  const auto result = one.apply(one.change(ChangeKind::apply, "class/batch", 0));
  REQUIRE(result.has_value());
  CHECK(result->outcome == ChangeOutcome::applied);
  CHECK_THAT(result->detail, Contains("hint") && Contains("pg_notify"));
  CHECK(standing() == "0");
}

}  // namespace
}  // namespace homeostat
