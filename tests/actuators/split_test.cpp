// SPDX-License-Identifier: Apache-2.0
// The lever `split` on a real Citus cluster.
#include <catch2/catch.hpp>
#include <cstdio>

#include "tests/actuators/splitter.hpp"

namespace homeostat::testing {

using Catch::Matchers::Contains;

TEST_CASE("split: a group is halved with all that shares its shards, and no row is lost") {
  if (skipped_without_citus()) return;
  RebalanceSite site;
  site.cluster().allow_splits();
  const auto rows = site.rows();
  const auto listeners = site.shards("listener");
  const auto creators = site.shards("creator");
  const int home = site.node_of(listeners[0]);
  const int other = site.other_node(listeners[0]);
  Splitter one{site, listeners[0], other};
  const auto ordered = one.order();
  CHECK(ordered.outcome == ChangeOutcome::applied);
  CHECK(ordered.detail == "splits it");  // how, is known when the worker has answered
  REQUIRE(one.comes_to(JobPhase::finished));
  CHECK(one.how() ==
        "halves the group in the middle of its hashes: no tenant has half of its rows");
  CHECK(one.apply(one.change(ChangeKind::renew)).detail.empty());
  // Nobody else begins it a second time.
  CHECK(site.sql("SELECT detail FROM homeostat.split_begin((SELECT epoch FROM homeostat.lease))") ==
        "it is begun already");
  CHECK(site.shards("listener").size() == 5);
  CHECK(site.shards("playlist").size() == 5);
  CHECK(site.shards("creator") == creators);
  CHECK(site.rows() == rows);
  // The halves are one behind the other, and the upper one is on the other node.
  CHECK(site.sql("SELECT string_agg(l.groupid::text, ' ' ORDER BY s.shardminvalue::bigint) FROM "
                 "(SELECT * FROM pg_dist_shard WHERE logicalrelid = 'listener'::regclass ORDER BY "
                 "shardminvalue::bigint LIMIT 2) AS s JOIN pg_dist_placement l USING (shardid)") ==
        std::to_string(home) + " " + std::to_string(other));
  // Done is done: giving it back leaves it so, and nothing begins again.
  CHECK(one.give_back().detail.empty());
  CHECK(one.phase() == JobPhase::finished);
  CHECK(site.shards("listener").size() == 5);
}

TEST_CASE("split: given back it is cancelled, and everything is as it was") {
  if (skipped_without_citus()) return;
  RebalanceSite site;
  site.cluster().allow_splits();
  const auto listeners = site.shards("listener");
  Splitter one{site, listeners[1], site.other_node(listeners[1])};
  {
    const OpenWrite held{site};
    REQUIRE(one.order().outcome == ChangeOutcome::applied);
    REQUIRE(eventually([&] {
      static_cast<void>(one.phase());
      return site.sql("SELECT homeostat.split_session() IS NOT NULL") == "t";
    }));
    // Nor is there a second one, or a rebalance beside it.
    CHECK_THAT(one.order().detail, Contains("being split already"));
    CHECK(one.give_back().detail == "the split is cancelled");
    CHECK(one.comes_to(JobPhase::failed));
  }
  CHECK(site.shards("listener") == listeners);
  CHECK(site.sql("SELECT status FROM homeostat.lever") == "reverted");
  // It can be ordered anew.
  REQUIRE(one.order().outcome == ChangeOutcome::applied);
  CHECK(one.comes_to(JobPhase::finished));
}

TEST_CASE("split: with every supervisor dead it ends at its expiry (H29)") {
  if (skipped_without_citus()) return;
  RebalanceSite site;
  site.cluster().allow_splits();
  const auto listeners = site.shards("listener");
  const OpenWrite held{site};
  {
    Splitter one{site, listeners[2], site.other_node(listeners[2])};
    REQUIRE(one.order().outcome == ChangeOutcome::applied);
    REQUIRE(eventually([&] {
      static_cast<void>(one.phase());
      return site.sql("SELECT homeostat.split_session() IS NOT NULL") == "t";
    }));
  }
  site.sql(
      "UPDATE homeostat.lease SET renewed_at = renewed_at - interval '1 hour';"
      "UPDATE homeostat.lever SET expires_at = now() - interval '1 second'");
  CHECK(site.sql("SELECT outcome FROM homeostat.expire()") == "applied");
  CHECK(site.sql("SELECT status FROM homeostat.lever") == "reverted");
  CHECK(eventually([&] { return site.sql("SELECT homeostat.split_session() IS NULL") == "t"; }));
  CHECK(site.shards("listener") == listeners);
}

TEST_CASE("split: one that cannot be begun yet is ordered, and says why and how often") {
  if (skipped_without_citus()) return;
  RebalanceSite site;
  site.cluster().allow_splits();
  const auto listeners = site.shards("listener");
  Splitter one{site, listeners[1], site.other_node(listeners[1])};
  // The leader's session stands; no other one is let in.
  site.sql("ALTER ROLE homeostat_actuator CONNECTION LIMIT 1");
  const auto ordered = one.order();
  CHECK(ordered.outcome == ChangeOutcome::applied);
  CHECK(ordered.detail == "splits it");
  const LeverKey key{"split", "cluster"};
  REQUIRE(eventually([&] {
    static_cast<void>(one.phase());
    const auto waiting = one.lever->not_started();
    return waiting.contains(key) && waiting.at(key).tries >= 2;
  }));
  CHECK_THAT(one.lever->not_started().at(key).why, Contains("too many connections"));
  CHECK(one.phase() == JobPhase::running);  // nobody else's, and on its way
  site.sql("ALTER ROLE homeostat_actuator CONNECTION LIMIT -1");
  REQUIRE(one.comes_to(JobPhase::finished));
  CHECK(one.lever->not_started().empty());
}

TEST_CASE("split: what is not there, and whoever does not lead, splits nothing (S1)") {
  if (skipped_without_citus()) return;
  RebalanceSite site;
  const auto listeners = site.shards("listener");
  CHECK_THAT(Splitter(site, 1, 1).order().detail, Contains("there is no shard 1 any more"));
  CHECK_THAT(Splitter(site, listeners[0], 0).order().detail, Contains("takes none"));
  Splitter one{site, listeners[0], site.other_node(listeners[0])};
  auto elsewhere = one.change(ChangeKind::apply);
  elsewhere.desired.key.target = "node/main";
  CHECK(one.apply(elsewhere).outcome == ChangeOutcome::refused);
  site.sql("UPDATE homeostat.lease SET epoch = epoch + 1");
  for (const auto kind : {ChangeKind::apply, ChangeKind::renew, ChangeKind::revert}) {
    CHECK_THAT(one.apply(one.change(kind)).detail, Contains("superseded"));
  }
  CHECK(site.sql("SELECT count(*) FROM homeostat.split_run") == "0");
  CHECK(site.shards("listener") == listeners);
}

TEST_CASE("split: what Citus refuses is told, and tried once") {
  if (skipped_without_citus()) return;
  RebalanceSite site;
  if (site.cluster().allows_splits()) {
    std::puts("SKIPPED: this minor version of PostgreSQL has nothing that refuses a split");
    return;
  }
  const auto listeners = site.shards("listener");
  Splitter one{site, listeners[0], site.other_node(listeners[0])};
  REQUIRE(one.order().outcome == ChangeOutcome::applied);
  REQUIRE(one.comes_to(JobPhase::failed));
  CHECK_THAT(one.lever->jobs().at({"split", "cluster"}).why, Contains("output plugin"));
  CHECK_THAT(one.said + site.sql("SELECT message FROM homeostat.split_run"),
             Contains("output plugin"));
  const auto begun = site.sql("SELECT begun_at FROM homeostat.split_run");
  CHECK(one.phase() == JobPhase::failed);
  CHECK(site.sql("SELECT begun_at FROM homeostat.split_run") == begun);
  CHECK(site.shards("listener") == listeners);
}

}  // namespace homeostat::testing
