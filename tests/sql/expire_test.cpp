// SPDX-License-Identifier: Apache-2.0
// homeostat.expire(): what is past its time goes, also when nobody leads.
#include <catch2/catch.hpp>

#include "tests/support/profile_bench.hpp"

namespace homeostat {
namespace {

using Catch::Matchers::Contains;
using testing::PgClient;
using testing::ProfileCluster;
using testing::ProfileInstance;

const std::map<std::string, Argument> kContention{{"reporting/jit", std::string{"off"}},
                                                  {"bulk/lock_timeout", std::string{"2s"}}};

struct Bench {
  Bench() {
    one.lead();
    one.ledger.set_inventory({{"monthly_report", "batch"}},
                             {{"contention", {"reporting"}, {{"jit", "off"}}}});
    one.lead();
    REQUIRE(one.set_to(kContention) == "applied: ");
    REQUIRE(one.set("class/batch", 0) == "applied");
  }

  std::string sql(const std::string& text) const { return cluster.sql(text); }
  void age(const std::string& by) const {
    sql("UPDATE homeostat.lever SET expires_at = expires_at - interval '" + by + "';" +
        "UPDATE homeostat.admission SET expires_at = expires_at - interval '" + by + "'");
  }
  /// What it says came of it: `feature applied, planner_profile applied`.
  std::string expire() const {
    return sql("SELECT string_agg(lever || ' ' || outcome, ', ') FROM homeostat.expire()");
  }
  std::string status(const std::string& lever) const {
    return sql("SELECT status FROM homeostat.lever WHERE lever = '" + lever + "'");
  }

  ProfileCluster cluster;
  ProfileInstance one{cluster};
};

TEST_CASE_METHOD(Bench, "expire: what is past its time is given back when nobody leads (H22)") {
  cluster.let_lease_run_out();
  CHECK(expire().empty());  // nothing is due
  CHECK(cluster.settings_of("reporting") == "jit=off");
  age("1 hour");
  CHECK(expire() == "feature applied, planner_profile applied");
  CHECK(cluster.settings_of("reporting").empty());
  CHECK(cluster.settings_of("bulk").empty());
  CHECK(sql("SELECT count(*) FROM homeostat.admission") == "0");
  CHECK(status("feature") == "reverted");
  CHECK(status("planner_profile") == "reverted");
  CHECK(sql("SELECT count(*) FROM homeostat.act WHERE kind = 'revert' AND holder = "
            "'homeostat.expire()' AND reason = 'past its expiry, and nobody leads'") == "2");
  CHECK(expire().empty());
}

TEST_CASE_METHOD(Bench, "expire: a leader who lives sees to it by itself") {
  age("1 hour");
  CHECK(expire().empty());
  CHECK(cluster.settings_of("reporting") == "jit=off");
  CHECK(one.renew_profile() == "applied: ");
  REQUIRE(testing::run_coroutine(one.io, one.ledger.release_lease(testing::kPatient)).has_value());
  age("1 hour");
  CHECK(expire() == "feature applied, planner_profile applied");
}

TEST_CASE_METHOD(Bench, "expire: a feature's minute of coming back is left to it (H61)") {
  cluster.let_lease_run_out();
  age("130 seconds");  // ten seconds past the two minutes
  CHECK(expire() == "planner_profile applied");
  CHECK(sql("SELECT count(*) FROM homeostat.admission") == "1");
}

TEST_CASE_METHOD(Bench, "expire: what somebody else has written stays (S9)") {
  cluster.let_lease_run_out();
  age("1 hour");
  cluster.alter("bulk", "SET lock_timeout = '7s'");
  sql("UPDATE homeostat.admission SET expires_at = NULL");
  CHECK(expire() == "feature yielded, planner_profile yielded");
  CHECK(cluster.settings_of("bulk") == "lock_timeout=7s");
  CHECK(cluster.settings_of("reporting").empty());
  CHECK(sql("SELECT count(*) FROM homeostat.admission") == "1");
}

TEST_CASE_METHOD(Bench,
                 "expire: a leader who wakes up afterwards is superseded and reads anew (H32)") {
  cluster.let_lease_run_out();
  age("1 hour");
  REQUIRE(expire() == "feature applied, planner_profile applied");
  const auto late = one.do_change(one.change_to(kContention));
  REQUIRE_FALSE(late.has_value());
  CHECK(late.error().code == ErrorCode::superseded);
  CHECK(cluster.settings_of("reporting").empty());
  CHECK(one.lead().epoch == 3);
  one.sequence = 0;
  CHECK(one.load()->rows.empty());
  CHECK(one.set_to(kContention) == "applied: ");
}

TEST_CASE_METHOD(Bench, "expire: one target that cannot be given back does not keep the others") {
  cluster.let_lease_run_out();
  age("1 hour");
  sql("REVOKE EXECUTE ON FUNCTION homeostat_roles.bulk(text, text) FROM homeostat_owner");
  CHECK(expire() == "feature applied, planner_profile refused");
  CHECK(status("planner_profile") == "open");
  CHECK(status("feature") == "reverted");
  CHECK(cluster.settings_of("reporting") == "jit=off");  // whole, or not at all
  sql("GRANT EXECUTE ON FUNCTION homeostat_roles.bulk(text, text) TO homeostat_owner");
  CHECK(expire() == "planner_profile applied");
}

TEST_CASE_METHOD(Bench, "expire: a change under way is waited for, not for long") {
  cluster.let_lease_run_out();
  age("1 hour");
  PgClient busy{cluster.address()};
  busy.run("BEGIN; SELECT FROM homeostat.lease FOR SHARE");
  CHECK_THROWS_WITH(sql("SELECT homeostat.expire()"), Contains("lock timeout"));
  busy.run("COMMIT");
  CHECK(expire() == "feature applied, planner_profile applied");
}

TEST_CASE_METHOD(Bench, "expire: the actuator may call it, applications may not") {
  cluster.let_lease_run_out();
  age("1 hour");
  PgClient reporting{cluster.address("reporting")};
  CHECK_THROWS_WITH(reporting.run("SELECT homeostat.expire()"), Contains("permission denied"));
  PgClient actuator{cluster.address("homeostat_actuator")};
  actuator.run("SELECT homeostat.expire()");
  CHECK(cluster.settings_of("reporting").empty());
}

}  // namespace
}  // namespace homeostat
