// SPDX-License-Identifier: Apache-2.0
// The lever on a real Citus cluster, when something is wrong.
#include <catch2/catch.hpp>

#include "tests/actuators/rebalance_site.hpp"
#include "tests/support/eventually.hpp"

namespace homeostat::testing {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;

TEST_CASE("rebalance: what keeps shards from being moved is named before anything is") {
  if (skipped_without_citus()) return;
  RebalanceSite site;
  Rebalancer one{site};
  const auto shard = site.shards("listener")[0];
  one.plan(shard, site.other_node(shard));
  const auto why = [&] {
    const auto result = one.order();
    CHECK(result.outcome == ChangeOutcome::refused);
    return result.detail;
  };
  site.sql(
      "CREATE TABLE stray (id bigint PRIMARY KEY); SELECT create_distributed_table('stray', 'id')");
  CHECK_THAT(why(), Contains("melodyud_owner, and public.stray belongs to postgres"));
  site.sql("DROP TABLE stray; ALTER TABLE creator DROP CONSTRAINT creator_pkey");
  CHECK_THAT(why(), Contains("table public.creator has no primary key"));
  site.sql("ALTER TABLE creator ADD PRIMARY KEY (creator_id); DROP SCHEMA homeostat_citus CASCADE");
  CHECK_THAT(why(), Contains("homeostat grants --citus"));
  site.sql("DELETE FROM pg_dist_rebalance_strategy WHERE name = 'homeostat'");
  site.sql(citus_roles_script({"melodyud_owner"}));
  CHECK(one.order().outcome == ChangeOutcome::applied);
  CHECK(one.comes_to(JobPhase::finished));
}

TEST_CASE("rebalance: who owns no distributed table is refused as who moves shards") {
  if (skipped_without_citus()) return;
  RebalanceSite site;
  const auto mover = [&] {
    return site.sql(
        "SELECT proowner::regrole FROM pg_proc WHERE proname = 'start' AND pronamespace "
        "= 'homeostat_citus'::regnamespace");
  };
  site.sql("CREATE ROLE passer_by LOGIN");
  CHECK_THROWS_WITH(site.sql(citus_roles_script({"passer_by"})),
                    Contains("role passer_by owns no distributed table") &&
                        Contains("Their owners: melodyud_owner."));
  CHECK(mover() == "melodyud_owner");
  site.sql("GRANT melodyud_owner TO passer_by");
  site.sql(citus_roles_script({"passer_by"}));
  CHECK(mover() == "passer_by");
  // Before there are tables, nothing is known of their owners.
  site.sql("DROP TABLE listener, playlist, creator");
  site.sql("CREATE ROLE early LOGIN");
  site.sql(citus_roles_script({"early"}));
  CHECK(mover() == "early");
}

TEST_CASE("rebalance: without Citus there is nothing to move, and that is said") {
  LedgerCluster plain;
  CHECK_THAT(plain.sql("SELECT homeostat.rebalance_problem()"), Contains("Citus is not in this"));
  CHECK(plain.sql("SELECT count(*) FROM homeostat.rebalance_look()") == "0");
}

TEST_CASE("rebalance: with every supervisor dead, expire() stops it in time (H29)") {
  if (skipped_without_citus()) return;
  RebalanceSite site;
  {
    Rebalancer one{site};
    for (const auto shard : site.shards("listener")) one.plan(shard, site.other_node(shard));
    REQUIRE(one.order().outcome == ChangeOutcome::applied);
  }
  CHECK(site.sql("SELECT count(*) FROM homeostat.expire()") == "0");
  site.sql(
      "UPDATE homeostat.lease SET renewed_at = renewed_at - interval '1 hour';"
      "UPDATE homeostat.lever SET expires_at = now() - interval '1 second'");
  CHECK(site.sql("SELECT outcome FROM homeostat.expire()") == "applied");
  CHECK(site.sql("SELECT state FROM pg_dist_background_job") == "cancelled");
  CHECK(site.sql("SELECT status FROM homeostat.lever") == "reverted");
}

TEST_CASE("rebalance: who changes a table need not wait for a move, which makes way (H50)") {
  if (skipped_without_citus()) return;
  RebalanceSite site;
  Rebalancer one{site};
  site.sql(
      "INSERT INTO playlist SELECT g, g, repeat('y', 500) FROM generate_series(5000, 150000) AS g");
  for (const auto shard : site.shards("playlist")) one.plan(shard, site.other_node(shard));
  REQUIRE(one.order().outcome == ChangeOutcome::applied);
  REQUIRE(eventually([&] { return site.moving(); }));
  PgClient dba{site.cluster().coordinator().address("melodyud_owner")};
  dba.send("ALTER TABLE playlist ADD COLUMN mood text");
  CHECK(one.comes_to(JobPhase::stopped));
  CHECK_THAT(site.sql("SELECT message FROM homeostat.rebalance_look()"),
             Contains("a change of a table waited"));
  CHECK(eventually([&] {
    return site.sql(
               "SELECT count(*) FROM pg_attribute WHERE attrelid = 'playlist'::regclass AND "
               "attname = 'mood'") == "1";
  }));
}

TEST_CASE("rebalance: a job that cannot be started yet is ordered, and started later, once") {
  if (skipped_without_citus()) return;
  RebalanceSite site;
  Rebalancer one{site};
  const auto shard = site.shards("listener")[0];
  one.plan(shard, site.other_node(shard));
  site.sql("REVOKE EXECUTE ON FUNCTION homeostat_citus.start() FROM homeostat_owner");
  const auto ordered = one.order();
  CHECK(ordered.outcome == ChangeOutcome::applied);
  CHECK_THAT(ordered.detail, Contains("not started yet: permission denied"));
  CHECK_FALSE(one.step().has_value());
  REQUIRE(one.progress());
  CHECK(one.progress()->phase == JobPhase::running);  // nobody else's, and on its way
  const auto waiting = one.lever.not_started();
  REQUIRE(waiting.contains({"rebalance", "cluster"}));
  CHECK(waiting.at({"rebalance", "cluster"}).tries == 2);
  CHECK_THAT(waiting.at({"rebalance", "cluster"}).why, Contains("permission denied"));
  // It counts from its order on, so that its time runs out though it never begins.
  const auto began = one.progress()->started;
  CHECK_FALSE(one.step().has_value());
  CHECK(one.progress()->started == began);
  CHECK(site.sql("SELECT count(*) FROM pg_dist_background_job") == "0");
  site.sql("GRANT EXECUTE ON FUNCTION homeostat_citus.start() TO homeostat_owner");
  CHECK(one.comes_to(JobPhase::finished));
  CHECK(one.lever.not_started().empty());
  CHECK(site.sql("SELECT count(*) FROM pg_dist_background_job") == "1");
}

TEST_CASE("rebalance: what was given back before it could be started is nobody's job any more") {
  if (skipped_without_citus()) return;
  RebalanceSite site;
  const auto stopped = [](Rebalancer& one) {
    CHECK(one.step().has_value());
    REQUIRE(one.progress());
    CHECK(one.progress()->phase == JobPhase::stopped);  // or no other could ever begin
    CHECK(one.progress()->started == TimePoint{});      // and no later order is taken for it
    CHECK(one.lever.not_started().empty());
  };
  {
    Rebalancer one{site};
    const auto shard = site.shards("listener")[0];
    one.plan(shard, site.other_node(shard));
    site.sql("REVOKE EXECUTE ON FUNCTION homeostat_citus.start() FROM homeostat_owner");
    REQUIRE(one.order().outcome == ChangeOutcome::applied);
    CHECK_FALSE(one.step().has_value());
    CHECK(one.progress()->phase == JobPhase::running);
    REQUIRE(one.give_back().outcome == ChangeOutcome::applied);
    stopped(one);
  }
  site.sql("UPDATE homeostat.lease SET renewed_at = renewed_at - interval '1 hour'");
  Rebalancer two{site, "two"};  // it has ordered nothing itself
  stopped(two);
}

TEST_CASE("rebalance: a frozen worker keeps the job, and neither the leader nor giving it back") {
  if (skipped_without_citus()) return;
  RebalanceSite site;
  Rebalancer one{site, "one", 5s};
  for (const auto shard : site.shards("listener")) one.plan(shard, site.other_node(shard));
  auto& worker = site.cluster().node("worker-1");
  worker.freeze();
  REQUIRE(one.order().outcome == ChangeOutcome::applied);
  CHECK(one.renew().outcome == ChangeOutcome::applied);
  REQUIRE(one.step().has_value());
  CHECK(one.progress()->phase == JobPhase::running);
  CHECK_THAT(one.give_back().detail, Contains("the job is stopped"));
  worker.thaw();
  REQUIRE(one.order().outcome == ChangeOutcome::applied);
  CHECK(one.comes_to(JobPhase::finished));
}

TEST_CASE(
    "rebalance: a job outlives its supervisor, a worker and the coordinator, and is one (H28)") {
  if (skipped_without_citus()) return;
  RebalanceSite site;
  site.sql(
      "INSERT INTO playlist SELECT g, g, repeat('y', 200) FROM generate_series(5000, 60000) AS g");
  const auto rows = site.rows();
  const auto shards = site.shards("listener");
  std::vector<int> targets;
  {
    Rebalancer one{site};
    for (const auto shard : shards) {
      targets.push_back(site.other_node(shard));
      one.plan(shard, targets.back());
    }
    REQUIRE(one.order().outcome == ChangeOutcome::applied);
  }
  REQUIRE(eventually([&] { return site.moving(); }));
  auto& worker = site.cluster().node("worker-2");
  worker.kill_server();
  worker.start();
  site.cluster().coordinator().kill_server();
  site.cluster().coordinator().start();
  // The successor finds it, and starts no other.
  site.sql("UPDATE homeostat.lease SET renewed_at = renewed_at - interval '1 hour'");
  Rebalancer two{site, "two"};
  CHECK(two.renew().outcome == ChangeOutcome::applied);
  CHECK(two.comes_to(JobPhase::finished));
  CHECK(site.sql("SELECT count(*) FROM pg_dist_background_job") == "1");
  for (std::size_t i = 0; i < shards.size(); ++i) CHECK(site.node_of(shards[i]) == targets[i]);
  CHECK(site.rows() == rows);
}

}  // namespace homeostat::testing
