// SPDX-License-Identifier: Apache-2.0
// homeostat.guard(): what the database does for itself while nobody leads. Real sessions wait; the
// half minute between two runs is taken off the guard's memory.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "controller/loop/thresholds.hpp"
#include "tests/sql/crowd.hpp"
#include "tests/support/ledger_bench.hpp"

namespace homeostat {
namespace {

using Catch::Matchers::Contains;
using testing::Crowd;
using testing::Instance;
using testing::PgClient;

Threshold breaker(Mode mode) {
  Threshold made;
  made.policy = "circuit-breaker";
  made.mode = mode;
  made.signal = "pg_blocked_ratio";
  made.level = 0.20;
  made.prior_weight = 4;
  made.prior_ratio = 0.08;
  made.policy_hash = "cafe";
  return made;
}

/// A database whose supervisor was there once.
struct Deserted {
  explicit Deserted(Mode mode = Mode::enforce) {
    leader.ledger.set_inventory({{"top_tracks_view", "rebuildable"}, {"monthly_report", "batch"}},
                                {});
    leader.ledger.set_thresholds({breaker(mode)});
    leader.lead();
    cluster.let_lease_run_out();
    cluster.create_role("homeostat_guard");
    cluster.sql("GRANT EXECUTE ON FUNCTION homeostat.guard() TO homeostat_guard");
  }

  void switch_on() { cluster.sql("UPDATE homeostat.guard_setting SET open_first_rung = true"); }
  void storm() { crowd.stand(7, 9); }
  void calm() { crowd.stand(0, 9); }

  /// One run, half a minute after the one before: given back, opened, why.
  std::string run() {
    PgClient guard{cluster.address("homeostat_guard")};
    const auto said = guard.run(
        "SELECT concat_ws('|', expired, opened, reason) FROM "
        "homeostat.guard()");
    later(30);
    return said;
  }
  /// As if so much time had passed.
  void later(int seconds) {
    const auto ago = " - make_interval(secs => " + std::to_string(seconds) + ")";
    cluster.sql("UPDATE homeostat.guard_state SET judged_at = judged_at" + ago +
                "; UPDATE homeostat.lever SET expires_at = expires_at" + ago +
                "; UPDATE homeostat.admission SET expires_at = expires_at" + ago);
  }
  bool allowed(const std::string& feature = "top_tracks_view") {
    return cluster.sql("SELECT homeostat.allowed('" + feature + "', 'x')") == "t";
  }
  std::string acts() {
    return cluster.sql(
        "SELECT coalesce(string_agg(concat_ws(' ', kind, outcome, target, policy), "
        "', ' ORDER BY id), 'none') FROM homeostat.act");
  }

  testing::LedgerCluster cluster;
  Instance leader{cluster, "the daemon"};
  Crowd crowd{cluster};
};

TEST_CASE_METHOD(Deserted, "the guard opens nothing unless it is switched on, storm or not (H64)") {
  storm();
  for (int minute = 0; minute < 3; ++minute) {
    CHECK_THAT(run(), Contains("0|f|") && Contains("not switched on"));
    CHECK_THAT(run(), Contains("0|f|"));
  }
  CHECK(allowed());
  CHECK(acts() == "none");
}

TEST_CASE_METHOD(Deserted, "switched on, it opens the first rung at the second breach in a row") {
  switch_on();
  storm();
  const auto epoch = cluster.sql("SELECT epoch FROM homeostat.lease");
  CHECK_THAT(run(), Contains("0|f|once is not enough") &&
                        Contains("21 of 27 open transactions waited for a lock"));
  CHECK(allowed());
  CHECK(cluster.sql("SELECT epoch FROM homeostat.lease") == epoch);

  CHECK_THAT(run(), Contains("0|t|class/rebuildable is shed; 2 breaches in a row"));
  CHECK_FALSE(allowed());
  CHECK(allowed("monthly_report"));
  CHECK(acts() == "apply applied class/rebuildable guard");
  CHECK_THAT(cluster.sql("SELECT reason FROM homeostat.act"), Contains("nobody leads"));
  CHECK(cluster.sql("SELECT policy || ' ' || policy_hash || ' ' || status FROM homeostat.lever") ==
        "guard cafe open");
  // It led for that moment only.
  CHECK(cluster.sql("SELECT epoch > " + epoch +
                    " AND pid IS NULL AND renewed_at IS NULL "
                    "FROM homeostat.lease") == "t");
  CHECK_THAT(cluster.sql("SELECT reason FROM homeostat.guard_state"), Contains("is shed"));
}

TEST_CASE_METHOD(Deserted, "while the storm lasts the guard keeps its rung, then it runs out") {
  switch_on();
  storm();
  run();
  run();
  for (int minute = 0; minute < 3; ++minute) {
    CHECK_THAT(run(), Contains("0|t|class/rebuildable is shed for longer"));
    CHECK_FALSE(allowed());
  }
  CHECK(acts() == "apply applied class/rebuildable guard");
  calm();
  CHECK_THAT(run(), Contains("0|f|"));
  CHECK_FALSE(allowed());  // within its expiry still
  later(75);
  CHECK_THAT(run(), Contains("0|f|"));  // past its expiry, coming back over a minute
  later(30);
  CHECK_THAT(run(), Contains("1|f|"));
  CHECK(allowed());
  CHECK(acts() == "apply applied class/rebuildable guard, revert applied class/rebuildable guard");
  CHECK(cluster.sql("SELECT count(*) FROM homeostat.admission") == "0");
}

TEST_CASE_METHOD(Deserted, "what a dead supervisor left is given back past its time (H22)") {
  Instance other{cluster, "the one that dies"};
  other.lead();
  CHECK(other.set("class/batch", 0) == "applied");
  CHECK_FALSE(allowed("monthly_report"));
  CHECK_THAT(run(), Contains("0|f|a supervisor leads"));
  cluster.let_lease_run_out();
  CHECK_THAT(run(), Contains("0|f|nobody leads"));
  later(181);
  CHECK_THAT(run(), Contains("1|f|"));
  CHECK(acts() ==
        "apply applied class/batch circuit-breaker, revert applied class/batch circuit-breaker");
}

TEST_CASE_METHOD(Deserted, "a breach, a calm run and a breach are no two in a row (H64)") {
  switch_on();
  for (int i = 0; i < 3; ++i) {
    storm();
    CHECK_THAT(run(), Contains("0|f|once is not enough"));
    calm();
    CHECK_THAT(run(), Contains("0|f|"));
  }
  CHECK(acts() == "none");
}

TEST_CASE_METHOD(Deserted, "runs at once count once, and one that comes late is no sequel") {
  switch_on();
  storm();
  PgClient guard{cluster.address("homeostat_guard")};
  for (int i = 0; i < 3; ++i) {
    CHECK_THAT(guard.run("SELECT reason FROM homeostat.guard()"), Contains("once is not enough"));
  }
  later(91);
  CHECK_THAT(guard.run("SELECT reason FROM homeostat.guard()"), Contains("once is not enough"));
  CHECK(acts() == "none");
}

TEST_CASE_METHOD(Deserted, "while a supervisor leads the guard does not even look") {
  switch_on();
  storm();
  run();
  leader.lead();
  CHECK_THAT(run(), Contains("0|f|a supervisor leads"));
  cluster.let_lease_run_out();
  CHECK_THAT(run(), Contains("0|f|once is not enough"));  // what was before does not count
  CHECK(acts() == "none");
}

TEST_CASE_METHOD(Deserted, "a leader who wakes up is turned away, then adopts the guard's row") {
  switch_on();
  storm();
  run();
  run();
  REQUIRE_FALSE(allowed());
  CHECK_THAT(leader.outcome(leader.change(ChangeKind::apply, "class/batch", 0)),
             Contains("superseded"));
  CHECK(leader.lead().takeovers == 0);
  const auto image = leader.load();
  REQUIRE(image.has_value());
  REQUIRE(image->rows.size() == 1);
  CHECK(image->rows[0].policy == "guard");
  CHECK(image->forward.size() == 1);  // it counts in the budgets
  CHECK_THAT(run(), Contains("0|f|a supervisor leads"));
  CHECK(leader.revert("class/rebuildable") == "applied");
  CHECK(allowed());
}

TEST_CASE_METHOD(Deserted, "a lift by hand stands: the guard does not shed it again (S9)") {
  switch_on();
  storm();
  run();
  run();
  cluster.sql("DELETE FROM homeostat.admission");
  CHECK_THAT(run(), Contains("0|f|somebody else has lifted class/rebuildable"));
  CHECK_THAT(run(), Contains("0|f|") && Contains("left alone for an hour"));
  CHECK_THAT(run(), Contains("0|f|") && Contains("left alone for an hour"));
  CHECK(allowed());
}

TEST_CASE_METHOD(Deserted, "what the daemon had shed stays its own, for longer, and as strict") {
  leader.lead();
  CHECK(leader.set("class/rebuildable", 0) == "applied");
  cluster.let_lease_run_out();
  switch_on();
  cluster.sql("UPDATE homeostat.guard_setting SET admit = 0.5");
  storm();
  run();
  for (int minute = 0; minute < 3; ++minute) {
    CHECK_THAT(run(), Contains("0|t|class/rebuildable is shed for longer"));
  }
  CHECK(acts() == "apply applied class/rebuildable circuit-breaker");
  CHECK(cluster.sql("SELECT admit FROM homeostat.admission") == "0");
  CHECK(cluster.sql("SELECT policy || ' ' || status FROM homeostat.lever") ==
        "circuit-breaker open");
}

TEST_CASE_METHOD(Deserted, "what a person lifted from the daemon stays lifted, too (S9)") {
  leader.lead();
  CHECK(leader.set("class/rebuildable", 0) == "applied");
  cluster.sql("DELETE FROM homeostat.admission");
  CHECK_THAT(leader.outcome(leader.change(ChangeKind::renew, "class/rebuildable", 0)),
             Contains("yielded"));
  cluster.let_lease_run_out();
  switch_on();
  storm();
  run();
  CHECK_THAT(run(), Contains("0|f|") && Contains("left alone for an hour"));
  CHECK(allowed());
}

TEST_CASE_METHOD(Deserted, "a pause that is spoken while the guard looks counts (H37)") {
  switch_on();
  cluster.sql("SELECT homeostat.pause('cluster', '1 hour', 'maintenance')");
  CHECK(cluster.sql("SELECT outcome || ': ' || detail FROM homeostat.guard_open("
                    "(SELECT s FROM homeostat.guard_setting s), 'cafe', 'a test')") ==
        "refused: paused by postgres: maintenance");
  CHECK(acts() == "none");
}

TEST_CASE_METHOD(Deserted, "one of several conditions that must all hold is not enough") {
  leader.lead();
  auto one_of_two = breaker(Mode::enforce);
  one_of_two.decides = false;
  leader.ledger.set_thresholds({one_of_two});
  leader.lead();
  cluster.let_lease_run_out();
  switch_on();
  storm();
  run();
  CHECK_THAT(run(), Contains("0|f|") && Contains("opens by itself"));
  CHECK(acts() == "none");
}

TEST_CASE_METHOD(Deserted, "settings and a lease of another database switch nothing on (H52)") {
  switch_on();
  storm();
  // As a subscriber has it: triggers do not fire for what is replicated.
  cluster.sql(
      "SET session_replication_role = replica; "
      "UPDATE homeostat.guard_setting SET identity = '1/elsewhere'");
  run();
  CHECK_THAT(run(), Contains("0|f|nobody leads; to open the first rung is not switched on"));
  switch_on();
  cluster.sql("UPDATE homeostat.lease SET renewed_at = now(), identity = '1/elsewhere'");
  run();
  CHECK_THAT(run(), Contains("0|t|"));
}

TEST_CASE_METHOD(Deserted,
                 "a ledger that somebody holds is told, and the storm is seen all the same") {
  switch_on();
  storm();
  PgClient other{cluster.address()};
  other.run("BEGIN; SELECT FROM homeostat.lease FOR UPDATE");
  CHECK_THAT(run(), Contains("once is not enough: nothing is given back now"));
  other.run("COMMIT");
  CHECK_THAT(run(), Contains("0|t|"));
}

TEST_CASE("what does not act any more leaves no threshold to the guard") {
  Deserted site;
  site.leader.lead();
  site.leader.ledger.set_thresholds({});
  const auto released = testing::run_coroutine(
      site.leader.io, site.leader.ledger.release_lease(std::chrono::seconds{30}));
  REQUIRE(released.has_value());
  CHECK(site.cluster.sql("SELECT count(*) FROM homeostat.threshold") == "0");
  site.switch_on();
  site.storm();
  site.run();
  CHECK_THAT(site.run(), Contains("0|f|no breaker circuit-breaker is enforced"));
}

TEST_CASE_METHOD(Deserted, "a restriction set by hand is not the guard's to change (S9)") {
  switch_on();
  cluster.sql(
      "INSERT INTO homeostat.admission (target, admit, salt) VALUES "
      "('class/rebuildable', 0.5, 'x')");
  storm();
  run();
  CHECK_THAT(run(), Contains("0|f|somebody else has set class/rebuildable"));
  CHECK(cluster.sql("SELECT admit FROM homeostat.admission") == "0.5");
}

TEST_CASE_METHOD(Deserted, "a pause holds the guard, and what is past its time still goes") {
  for (const std::string scope : {"cluster", "policy/circuit-breaker", "policy/guard"}) {
    INFO(scope);
    cluster.sql("SELECT homeostat.pause('" + scope + "', '1 hour', 'maintenance')");
    switch_on();
    storm();
    for (int i = 0; i < 3; ++i) {
      CHECK_THAT(run(), Contains("0|f|paused by postgres: maintenance"));
    }
    CHECK(allowed());
    cluster.sql("SELECT homeostat.resume('" + scope + "')");
  }
  cluster.sql("SELECT homeostat.pause('policy/lock-contention', '1 hour', 'not ours')");
  run();
  CHECK_THAT(run(), Contains("0|t|"));
  cluster.sql("SELECT homeostat.pause('cluster', '1 hour', 'maintenance')");
  later(181);
  CHECK_THAT(run(), Contains("1|f|paused by postgres"));
  CHECK(allowed());
}

TEST_CASE_METHOD(Deserted, "the guard keeps to the budgets (S6)") {
  switch_on();
  storm();
  cluster.sql(
      "INSERT INTO homeostat.act (kind, outcome, lever, target, value, policy, subject, "
      "rung, policy_hash, reason, epoch, sequence, identity) SELECT 'apply', 'applied', "
      "'feature', 'class/rebuildable', '{\"admit\": 0}', 'guard', 'cluster', 1, 'cafe', "
      "'a test', 0, i, homeostat.identity() FROM generate_series(1, 6) AS i");
  run();
  CHECK_THAT(run(), Contains("0|f|the budget of the last hour is used up"));
  CHECK(allowed());
}

TEST_CASE_METHOD(Deserted, "two guards at once: one of them leaves") {
  PgClient other{cluster.address()};
  other.run("BEGIN; SELECT FROM homeostat.guard_state FOR UPDATE");
  PgClient guard{cluster.address("homeostat_guard")};
  CHECK(guard.run("SELECT reason FROM homeostat.guard()") == "another guard is at work");
  other.run("COMMIT");
  CHECK_THAT(run(), Contains("0|f|nobody leads"));
}

TEST_CASE_METHOD(Deserted, "a feature that nobody registered is not shed, and the reason is kept") {
  cluster.sql("DELETE FROM homeostat.feature");
  switch_on();
  storm();
  run();
  CHECK_THAT(run(), Contains("0|f|not opened") && Contains("no feature is registered"));
}

TEST_CASE("the guard opens for no policy that is in shadow") {
  Deserted site{Mode::shadow};
  site.switch_on();
  site.storm();
  site.run();
  CHECK_THAT(site.run(), Contains("0|f|no breaker circuit-breaker is enforced"));
  CHECK(site.acts() == "none");
}

TEST_CASE_METHOD(Deserted, "the guard's role may call the guard and nothing else") {
  PgClient guard{cluster.address("homeostat_guard")};
  CHECK_THROWS_WITH(guard.run("SELECT * FROM homeostat.guard_state"),
                    Contains("permission denied"));
  CHECK_THROWS_WITH(guard.run("SELECT homeostat.expire()"), Contains("permission denied"));
  CHECK_THROWS_WITH(guard.run("SELECT homeostat.guard_count(true, now())"),
                    Contains("permission denied"));
  PgClient actuator{cluster.address("homeostat_actuator")};
  CHECK_THROWS_WITH(actuator.run("SELECT homeostat.guard()"), Contains("permission denied"));
}

}  // namespace
}  // namespace homeostat
