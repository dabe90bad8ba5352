// SPDX-License-Identifier: Apache-2.0
// The lever on a real Citus cluster, when all is well.
#include <catch2/catch.hpp>

#include "tests/actuators/rebalance_site.hpp"
#include "tests/support/eventually.hpp"

namespace homeostat::testing {

using Catch::Matchers::Contains;

TEST_CASE("rebalance: a plan is carried out as it is, by Citus' own job, and nothing else moves") {
  if (skipped_without_citus()) return;
  RebalanceSite site;
  Rebalancer one{site};
  const auto rows = site.rows();
  const auto listeners = site.shards("listener");
  const auto playlists = site.shards("playlist");
  const auto creators = site.shards("creator");
  const int target = site.other_node(listeners[0]);
  const int swapped = site.other_node(creators[1]);
  std::vector<int> before;
  for (const auto shard : listeners) before.push_back(site.node_of(shard));
  one.plan(listeners[0], target);
  one.plan(creators[1], swapped);

  const auto ordered = one.order();
  CHECK(ordered.outcome == ChangeOutcome::applied);
  CHECK(ordered.detail == "moves 2 shard groups, 2000 bytes");
  REQUIRE(one.step().has_value());
  REQUIRE(one.progress());
  REQUIRE(one.comes_to(JobPhase::finished));
  CHECK(one.progress()->bytes_done == 2000);
  CHECK(site.node_of(listeners[0]) == target);
  CHECK(site.node_of(playlists[0]) == target);  // it shares its shards with the other
  CHECK(site.node_of(creators[1]) == swapped);
  for (std::size_t i = 1; i < listeners.size(); ++i) {
    CHECK(site.node_of(listeners[i]) == before[i]);
  }
  CHECK(site.rows() == rows);

  // The same order again has nothing to do.
  CHECK(one.give_back().outcome == ChangeOutcome::applied);
  CHECK(one.order().outcome == ChangeOutcome::applied);
  CHECK(one.comes_to(JobPhase::finished));
  CHECK(site.sql("SELECT count(*) FROM pg_dist_background_job") == "1");
  // Who comes next, and orders nothing, has no job in hand that would go on.
  CHECK(one.give_back().detail.empty());
}

TEST_CASE("rebalance: given back it stops, and what is moved stays there") {
  if (skipped_without_citus()) return;
  RebalanceSite site;
  Rebalancer one{site};
  for (const auto shard : site.shards("listener")) one.plan(shard, site.other_node(shard));
  for (const auto shard : site.shards("creator")) one.plan(shard, site.other_node(shard));
  REQUIRE(one.order().outcome == ChangeOutcome::applied);
  REQUIRE(eventually([&] { return site.moving(); }));
  CHECK_THAT(one.give_back().detail, Contains("the job is stopped"));
  CHECK(one.comes_to(JobPhase::stopped));
  CHECK(site.sql("SELECT state FROM pg_dist_background_job") == "cancelled");
  CHECK(site.sql("SELECT status FROM homeostat.lever") == "reverted");
  // It goes on where it was.
  REQUIRE(one.order().outcome == ChangeOutcome::applied);
  CHECK(one.comes_to(JobPhase::finished));
}

TEST_CASE("rebalance: the same token has one effect, a superseded epoch has none (S1)") {
  if (skipped_without_citus()) return;
  RebalanceSite site;
  Rebalancer one{site};
  const auto shard = site.shards("creator")[0];
  one.plan(shard, site.other_node(shard));
  const auto order = one.change(ChangeKind::apply);
  REQUIRE(one.apply(order).outcome == ChangeOutcome::applied);
  CHECK(one.apply(order).detail == "this token was used before");
  CHECK(one.renew().outcome == ChangeOutcome::applied);
  // Nor is there a second job while one is under way.
  const auto twice = one.order();
  CHECK(twice.outcome == ChangeOutcome::refused);
  CHECK_THAT(twice.detail, Contains("is rebalancing already"));
  CHECK(site.sql("SELECT count(*) FROM pg_dist_background_job") == "1");

  site.sql("UPDATE homeostat.lease SET epoch = epoch + 1");
  for (const auto kind : {ChangeKind::apply, ChangeKind::renew, ChangeKind::revert}) {
    CHECK_THAT(one.apply(one.change(kind)).detail, Contains("superseded"));
  }
  CHECK(site.sql("SELECT count(*) FROM homeostat.act") == "1");
}

TEST_CASE("rebalance: what is not there is refused, and nothing is written") {
  if (skipped_without_citus()) return;
  RebalanceSite site;
  Rebalancer one{site};
  const auto refused = [&](std::int64_t shard, int node) {
    one.moves.moves.clear();
    one.plan(shard, node);
    const auto result = one.order();
    CHECK(result.outcome == ChangeOutcome::refused);
    return result.detail;
  };
  const auto shard = site.shards("listener")[0];
  CHECK_THAT(refused(1, 1), Contains("shard 1 does not exist"));
  CHECK_THAT(refused(shard, 9), Contains("node group 9 does not exist"));
  CHECK_THAT(refused(shard, 0), Contains("takes no shards"));
  auto elsewhere = one.change(ChangeKind::apply);
  elsewhere.desired.key.target = "node/main";
  CHECK(one.apply(elsewhere).outcome == ChangeOutcome::refused);
  one.no_plan = Error{ErrorCode::unavailable, "nobody knows where the shards lie", {}};
  CHECK(one.order().detail == "nobody knows where the shards lie");
  CHECK(site.sql("SELECT count(*) FROM homeostat.act") == "0");
  CHECK(site.sql("SELECT count(*) FROM homeostat.shard_plan") == "0");
}

TEST_CASE("rebalance: one that a DBA has started is left alone (H49)") {
  if (skipped_without_citus()) return;
  RebalanceSite site;
  Rebalancer one{site};
  const auto shard = site.shards("listener")[0];
  one.plan(shard, site.other_node(shard));
  site.sql("SELECT homeostat.take_plan('[{\"shard\": " + std::to_string(shard) +
           ", \"node\": " + std::to_string(site.other_node(shard)) +
           ", \"bytes\": 1}]');"
           "SELECT citus_rebalance_start(rebalance_strategy => 'homeostat')");
  const auto refused = one.order();
  CHECK(refused.outcome == ChangeOutcome::refused);
  CHECK_THAT(refused.detail, Contains("and is not ours"));
  CHECK(one.give_back().outcome == ChangeOutcome::applied);
  CHECK(eventually(
      [&] { return site.sql("SELECT state FROM pg_dist_background_job") == "finished"; }));
}

}  // namespace homeostat::testing
