// SPDX-License-Identifier: Apache-2.0
// The lever `split` where one tenant is most of a group, on a real Citus cluster.
#include <catch2/catch.hpp>

#include "tests/actuators/splitter.hpp"

namespace homeostat::testing {
namespace {

using Catch::Matchers::Contains;

/// A site that splits, with a table of a text key as well.
struct TenantSite : RebalanceSite {
  TenantSite() {
    cluster().allow_splits();
    sql("SET ROLE melodyud_owner; SET citus.shard_count = 4;"
        "CREATE TABLE royalty (label text, id bigint, PRIMARY KEY (label, id));"
        "SELECT create_distributed_table('royalty', 'label', colocate_with => 'none');"
        "INSERT INTO royalty SELECT 'label ' || g, g FROM generate_series(1, 2000) AS g");
  }
  std::int64_t shard_of(const std::string& table, const std::string& key) {
    return std::stoll(
        sql("SELECT get_shard_id_for_distribution_column('" + table + "', " + key + ")"));
  }
  /// Of the tables that share the tenant's shard, whose key is named: rows beside it.
  double rows_of(std::int64_t shard, const std::string& table, const std::string& key) {
    return std::stod(sql("SELECT count(*) FROM " + table +
                         " WHERE get_shard_id_for_distribution_column('" + table + "', " + key +
                         ") = " + std::to_string(shard)));
  }
  /// Low and high hash of a shard, and its node.
  std::string place(std::int64_t shard) {
    return sql(
        "SELECT concat_ws(' ', shardminvalue, shardmaxvalue, groupid) FROM pg_dist_shard "
        "JOIN pg_dist_placement USING (shardid) WHERE shardid = " +
        std::to_string(shard));
  }
  /// Whether what we keep of the split says the text anywhere.
  bool told(const std::string& text) {
    return sql("SELECT EXISTS (SELECT FROM homeostat.act t WHERE strpos(t::text, $x$" + text +
               "$x$) > 0) OR EXISTS (SELECT FROM homeostat.split_run t WHERE strpos(t::text, $x$" +
               text + "$x$) > 0)") == "t";
  }
};

}  // namespace

TEST_CASE("split: a tenant with 70 % of the group's rows gets a shard of its own, no row is lost") {
  if (skipped_without_citus()) return;
  TenantSite site;
  const auto shard = site.shard_of("playlist", "7");
  const auto first = site.shard_of("listener", "7");
  const double others =
      site.rows_of(shard, "playlist", "user_id") + site.rows_of(first, "listener", "user_id") - 81;
  // 80 of its rows are in playlist already, and one in listener.
  site.sql("INSERT INTO playlist SELECT 7, g, 'hot' FROM generate_series(10001, 10000 - 81 + " +
           std::to_string(static_cast<int>(others * 7 / 3)) + ") AS g");
  const auto rows = site.rows();
  const auto hash = site.sql("SELECT worker_hash(7::bigint)");
  const int home = site.node_of(first);
  const int other = site.other_node(first);
  Splitter one{site, first, other};
  SECTION("it leaves, where the other node is emptier") {}
  SECTION("it stays, where what is left does better there") { one.next.larger_leaves = false; }
  const auto ordered = one.order();
  CHECK(ordered.outcome == ChangeOutcome::applied);
  CHECK(one.how() == "isolates the largest tenant (70 % of the group)");
  REQUIRE(one.comes_to(JobPhase::finished));
  CHECK(site.rows() == rows);
  CHECK(site.shards("listener").size() == 6);
  CHECK(site.shards("playlist").size() == 6);
  const auto isolated = site.shard_of("listener", "7");
  const auto goes = std::to_string(one.next.larger_leaves ? other : home);
  for (const std::string table : {"listener", "playlist"}) {
    CHECK(site.place(site.shard_of(table, "7")) == hash + " " + hash + " " + goes);
  }
  // What is left of the group is on the other of the two, both sides of it.
  CHECK(site.sql("SELECT string_agg(DISTINCT groupid::text, ' ') FROM pg_dist_shard JOIN "
                 "pg_dist_placement USING (shardid) WHERE logicalrelid = 'listener'::regclass AND "
                 "(shardmaxvalue::bigint = " +
                 hash + " - 1 OR shardminvalue::bigint = " + hash + " + 1)") ==
        std::to_string(one.next.larger_leaves ? home : other));
  // A second time there is nothing to cut, and it says what is left.
  CHECK(one.give_back().outcome == ChangeOutcome::applied);
  one.next.shard = isolated;
  const auto refused = one.order();
  CHECK(refused.outcome == ChangeOutcome::refused);
  CHECK_THAT(refused.detail, Contains("a single tenant's") && Contains("more capacity"));
  CHECK(site.shards("listener").size() == 6);
  CHECK(site.sql("SELECT count(*) FROM homeostat.lever WHERE status = 'open'") == "0");
}

TEST_CASE("split: a tenant is isolated whatever its name is, and that name stays on its node") {
  if (skipped_without_citus()) return;
  TenantSite site;
  const std::string name = R"(O'Neil "\{},$1 %s;--)";
  const std::string key = "$x$" + name + "$x$";
  site.sql("INSERT INTO royalty SELECT " + key + ", g FROM generate_series(1, 3000) AS g");
  const auto shard = site.shard_of("royalty", key);
  const auto rows = site.sql("SELECT count(*) FROM royalty");
  const auto hash = site.sql("SELECT worker_hash(" + key + "::text)");
  // Before anything was analyzed: the statistics are made.
  Splitter one{site, shard, site.other_node(shard)};
  REQUIRE(one.order().outcome == ChangeOutcome::applied);
  CHECK_THAT(one.how(), Contains("isolates the largest tenant (8"));
  REQUIRE(one.comes_to(JobPhase::finished));
  CHECK(site.shards("royalty").size() == 6);
  CHECK_THAT(site.place(site.shard_of("royalty", key)), Contains(hash + " " + hash));
  CHECK(site.sql("SELECT count(*) FROM royalty") == rows);
  CHECK(site.sql("SELECT count(*) FROM royalty WHERE label = " + key) == "3000");
  CHECK(site.told("isolates the largest tenant"));
  CHECK_FALSE(site.told("Neil"));
}

TEST_CASE("split: a tenant at the edge of its shard's hashes is cut off once") {
  if (skipped_without_citus()) return;
  TenantSite site;
  site.sql("INSERT INTO royalty SELECT 'hot', g FROM generate_series(1, 4000) AS g");
  const auto hash = site.sql("SELECT worker_hash('hot'::text)");
  const auto before = site.shard_of("royalty", "'hot'");
  const auto node = site.sql("SELECT nodeid FROM pg_dist_node WHERE groupid = " +
                             std::to_string(site.node_of(before)));
  const bool lowest = GENERATE(true, false);
  site.sql("SELECT citus_split_shard_by_split_points(" + std::to_string(before) + ", ARRAY[(" +
           hash + (lowest ? " - 1" : "") + ")::text], ARRAY[" + node + ", " + node +
           "], 'block_writes')");
  const auto shard = site.shard_of("royalty", "'hot'");
  CHECK(site.shards("royalty").size() == 5);
  const int other = site.other_node(shard);
  Splitter one{site, shard, other};
  REQUIRE(one.order().outcome == ChangeOutcome::applied);
  CHECK_THAT(one.how(), Contains("isolates"));
  REQUIRE(one.comes_to(JobPhase::finished));
  CHECK(site.shards("royalty").size() == 6);
  CHECK(site.place(site.shard_of("royalty", "'hot'")) ==
        hash + " " + hash + " " + std::to_string(other));
}

TEST_CASE("split: given back while a tenant is isolated, everything is as it was") {
  if (skipped_without_citus()) return;
  TenantSite site;
  site.sql("INSERT INTO playlist SELECT 7, g, 'hot' FROM generate_series(10001, 20000) AS g");
  const auto listeners = site.shards("listener");
  const auto shard = site.shard_of("listener", "7");
  Splitter one{site, shard, site.other_node(shard)};
  {
    const OpenWrite held{site};
    REQUIRE(one.order().outcome == ChangeOutcome::applied);
    CHECK_THAT(one.how(), Contains("isolates the largest tenant"));
    static_cast<void>(one.phase());
    REQUIRE(one.lever->notes().size() == 1);
    CHECK_THAT(one.lever->notes()[0].text, Contains("isolates"));
    CHECK(one.give_back().detail == "the split is cancelled");
    CHECK(one.comes_to(JobPhase::failed));
    CHECK(one.lever->notes().empty());
  }
  CHECK(site.shards("listener") == listeners);
  CHECK(site.sql("SELECT status FROM homeostat.lever") == "reverted");
}

TEST_CASE("split: called off between two of its statements, it is not carried out") {
  if (skipped_without_citus()) return;
  TenantSite site;
  const auto listeners = site.shards("listener");
  site.sql("SELECT homeostat.take_split('{\"shard\": " + std::to_string(listeners[0]) +
           ", \"node\": 1, \"bytes\": 1}')");
  const auto lock = site.sql("SELECT homeostat.split_class()");
  PgClient session{site.cluster().coordinator().address("homeostat_actuator")};
  session.run("SELECT pg_try_advisory_lock(" + lock + ", 1)");
  CHECK_THROWS_WITH(session.run("SELECT homeostat.split_carry()"),
                    Contains("nobody has said yet how it is split"));
  session.run("SELECT homeostat.split_study()");
  // The ledger has no row for it: it ran out, or was closed, while that was found out.
  CHECK_THROWS_WITH(session.run("SELECT homeostat.split_carry()"),
                    Contains("no split is ordered any more"));
  // Nothing runs that could be cancelled, and it is not visible yet.
  PgClient halting{site.cluster().coordinator().address()};
  CHECK(halting.run("BEGIN; SELECT homeostat.split_halt('by hand')") == "t");
  session.send("SELECT homeostat.split_carry()");
  CHECK(eventually([&] {
    return site.sql(
               "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT "
               "granted AND pid = " +
               std::to_string(session.pid()) + ")") == "t";
  }));
  halting.run("COMMIT");
  CHECK_FALSE(session.finish());
  CHECK(site.shards("listener") == listeners);
}

TEST_CASE("split: what cannot be studied is not split, and says why") {
  if (skipped_without_citus()) return;
  TenantSite site;
  site.sql(
      "SET ROLE melodyud_owner; SET citus.shard_count = 4;"
      "CREATE TABLE fresh (k bigint PRIMARY KEY) WITH (autovacuum_enabled = off);"
      "SELECT create_distributed_table('fresh', 'k', colocate_with => 'none')");
  const auto shards = site.shards("fresh");
  const auto node = "worker-" + std::to_string(site.node_of(shards[0]));
  PgClient holder{site.cluster().node(node).address()};
  holder.run("BEGIN; SET LOCAL citus.enable_manual_changes_to_shards TO on; LOCK TABLE fresh_" +
             std::to_string(shards[0]) + " IN SHARE UPDATE EXCLUSIVE MODE");
  Splitter one{site, shards[0], site.other_node(shards[0])};
  REQUIRE(one.order().outcome == ChangeOutcome::applied);
  REQUIRE(one.comes_to(JobPhase::failed));
  CHECK_THAT(one.lever->jobs().at({"split", "cluster"}).why,
             Contains("is locked, and was never analyzed"));
  CHECK(site.shards("fresh") == shards);
  holder.run("ROLLBACK");
  // An empty group has no tenant: it is halved.
  REQUIRE(one.order().outcome == ChangeOutcome::applied);
  CHECK_THAT(one.how(), Contains("halves the group"));
  CHECK(one.comes_to(JobPhase::finished));
}

}  // namespace homeostat::testing
