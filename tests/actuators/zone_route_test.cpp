// SPDX-License-Identifier: Apache-2.0
// homeostat.route() on a real Citus cluster: where a key is, and what its zone takes now.
#include <catch2/catch.hpp>

#include "tests/support/citus_cluster.hpp"
#include "tests/support/ledger_bench.hpp"

namespace homeostat::testing {
namespace {

using Catch::Matchers::Contains;

constexpr const char* kRouted = R"(
  SET citus.shard_count = 12;
  CREATE TABLE listener (user_id bigint PRIMARY KEY, note text);
  CREATE TABLE playlist (user_id bigint, id bigint, PRIMARY KEY (user_id, id));
  CREATE TABLE country (code text PRIMARY KEY);
  CREATE TABLE note (id bigint);
  SELECT create_distributed_table('listener', 'user_id');
  SELECT create_distributed_table('playlist', 'user_id', colocate_with => 'listener');
  SELECT create_reference_table('country');
  GRANT SELECT, INSERT ON listener, playlist, country, note TO app;
  INSERT INTO country VALUES ('AT');
)";

/// Worker 1 is zone a, worker 2 is zones b and c, worker 3 is none.
struct RoutedCluster {
  RoutedCluster() {
    cluster.sql("CREATE ROLE app LOGIN; CREATE ROLE stranger LOGIN");
    cluster.sql(kRouted);
    cluster.sql(grants());
    cluster.sql(migration_script());
    cluster.sql(
        "INSERT INTO homeostat.zone_place VALUES ('a', 'worker-1', 1, false), "
        "('b', 'worker-2', 2, false), ('c', 'worker-2', 2, false), ('d', 'coordinator', 0, true)");
    app = std::make_unique<PgClient>(cluster.coordinator().address("app"));
  }
  /// `zone reads writes node`, as the application is told.
  std::string route(const std::string& arguments) {
    return app->run(
        "SELECT concat_ws(' ', coalesce(r.zone, '-'), r.reads, r.writes, coalesce(r.node, '-')) "
        "FROM homeostat.route(" +
        arguments + ") AS r");
  }
  /// Of keys 1 to 200 of listener: those that `condition` is true of, about route `r` and the
  /// placement's group `p.groupid`.
  std::string count(const std::string& condition) {
    return app->run(
        "SELECT count(*) FROM generate_series(1, 200) AS k, homeostat.route('listener', k::text) "
        "AS r, pg_dist_placement p WHERE p.shardid = "
        "get_shard_id_for_distribution_column('listener', k::text) AND (" +
        condition + ")");
  }

  CitusCluster cluster;
  std::unique_ptr<PgClient> app;
};

TEST_CASE("route: a key's zone is where its shard is, and tells what that takes") {
  if (skipped_without_citus()) return;
  RoutedCluster bench;
  CHECK(bench.count("r.reads AND r.writes") == "200");
  CHECK(bench.count("(p.groupid = 1) <> (coalesce(r.zone, '') = 'a')") == "0");
  CHECK(bench.count("(p.groupid = 2) <> (coalesce(r.zone, '') IN ('b', 'c'))") == "0");
  CHECK(bench.count("(p.groupid = 3) <> (r.zone IS NULL)") == "0");
  CHECK(bench.count("p.groupid = 2 AND r.node <> 'worker-2'") == "0");
  // Both zones of worker 2 have a part of it, and tables that move together the same.
  CHECK(bench.count("r.zone = 'b'") != "0");
  CHECK(bench.count("r.zone = 'c'") != "0");
  CHECK(bench.count("r.zone IS DISTINCT FROM (SELECT o.zone FROM homeostat.route('playlist', "
                    "k::text) AS o)") == "0");
  CHECK(bench.route("'listener'") == "- t t -");
  CHECK(bench.route("'country', 'AT'") == "d t t coordinator");
  CHECK(bench.route("'note', '1'") == "d t t coordinator");

  bench.cluster.sql(
      "INSERT INTO homeostat.zone_recovery (target, admit, salt) VALUES ('node/worker-1', 0, ''), "
      "('zone/b', 0.25, 'salt')");
  CHECK(bench.count("p.groupid = 1 AND (r.reads OR r.writes)") == "0");
  CHECK(bench.count("r.zone IS NULL AND NOT (r.reads AND r.writes)") == "0");
  CHECK(bench.count("r.zone = 'c' AND NOT (r.reads AND r.writes)") == "0");
  // The same share of keys that admit() lets in.
  CHECK(bench.count("r.zone = 'b' AND r.reads") != "0");
  CHECK(bench.count("r.zone = 'b' AND NOT r.reads") != "0");
  const auto key = bench.app->run(
      "SELECT min(k) FROM generate_series(1, 200) AS k, homeostat.route('listener', k::text) AS r "
      "WHERE r.zone = 'b' AND r.writes");
  bench.app->run("SELECT homeostat.admit('b', key => '" + key + "')");
  // What goes to all nodes waits; a reference table is read where somebody has it.
  CHECK(bench.route("'listener'") == "- f f -");
  CHECK(bench.route("'country', 'AT'") == "d t f coordinator");
  CHECK(bench.route("'note', '1'") == "d t t coordinator");
  bench.cluster.sql(
      "DELETE FROM pg_dist_placement WHERE groupid IN (0, 1) AND shardid = (SELECT "
      "shardid FROM pg_dist_shard WHERE logicalrelid = 'country'::regclass)");
  CHECK_THAT(bench.route("'country'"), Contains("t f worker-2") || Contains("t f -"));
}

TEST_CASE("route: asks no worker, and nothing of who may not see the table") {
  if (skipped_without_citus()) return;
  RoutedCluster bench;
  const auto before = bench.route("'listener', '1'");
  for (const auto* worker : {"worker-1", "worker-2", "worker-3"})
    bench.cluster.node(worker).freeze();
  CHECK(bench.route("'listener', '1'") == before);
  CHECK(bench.route("'country', 'AT'") == "d t t coordinator");
  CHECK_THROWS_WITH(bench.route("'listener', 'no number'"), Contains("invalid input syntax"));
  PgClient stranger(bench.cluster.coordinator().address("stranger"));
  CHECK_THROWS_WITH(stranger.run("SELECT * FROM homeostat.route('listener', '1')"),
                    Contains("permission denied for table listener"));
}

}  // namespace
}  // namespace homeostat::testing
