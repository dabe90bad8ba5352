// SPDX-License-Identifier: Apache-2.0
// The daemon on a real Citus cluster: an imbalance is noticed and mended, with nobody asking.
#include <signal.h>

#include <catch2/catch.hpp>

#include "tests/integration/binary.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/citus_cluster.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/scratch_directory.hpp"
#include "tests/support/text_file.hpp"

namespace homeostat::testing {
namespace {

using Catch::Matchers::Contains;

constexpr const char* kTables = R"(
  SET ROLE melodyud_owner;
  SET citus.shard_count = 12;
  CREATE TABLE listener (user_id bigint PRIMARY KEY, note text);
  CREATE TABLE creator (creator_id bigint PRIMARY KEY, note text);
  SELECT create_distributed_table('listener', 'user_id');
  SELECT create_distributed_table('creator', 'creator_id', colocate_with => 'none');
  INSERT INTO listener SELECT g, 'x' FROM generate_series(1, 9000) AS g;
  INSERT INTO creator SELECT g, 'z' FROM generate_series(1, 3000) AS g;
)";

/// Rows of each node, counted; the coefficient of variation of that.
std::string counted_variation(CitusCluster& cluster) {
  return cluster.sql(
      "SELECT stddev_pop(n) / avg(n) FROM (SELECT p.groupid, sum(r.result::bigint) AS n FROM "
      "(SELECT * FROM run_command_on_shards('listener', 'SELECT count(*) FROM %s') UNION ALL "
      "SELECT * FROM run_command_on_shards('creator', 'SELECT count(*) FROM %s')) AS r "
      "JOIN pg_dist_placement p ON p.shardid = r.shardid GROUP BY p.groupid) AS nodes");
}

/// Shards that lie where the placement rules of the test do not allow it.
std::string misplaced(CitusCluster& cluster) {
  const auto port = [&](const std::string& name) {
    return std::to_string(cluster.node(name).port());
  };
  return cluster.sql(
      "SELECT count(*) FROM pg_dist_shard s JOIN pg_dist_placement USING (shardid) JOIN "
      "pg_dist_node n USING (groupid) WHERE (s.shardid = get_shard_id_for_distribution_column("
      "'listener', 1) AND n.nodeport <> " +
      port("worker-3") +
      ") OR (s.shardid = get_shard_id_for_distribution_column('creator', 1) AND n.nodeport <> " +
      port("worker-2") + ")");
}

}  // namespace

TEST_CASE("citus: an uneven cluster is noticed, and even within 10 % a little later, by itself") {
  if (skipped_without_citus()) return;
  CitusCluster cluster;
  cluster.sql("CREATE ROLE melodyud_owner LOGIN");
  cluster.sql("GRANT CREATE ON SCHEMA public TO melodyud_owner");
  cluster.sql(kTables);
  // Half of the second and third worker's listeners go to the first.
  cluster.sql(
      "SELECT citus_move_shard_placement(s.shardid, n.nodename, n.nodeport, t.nodename, t.nodeport,"
      " 'block_writes') FROM pg_dist_shard s JOIN pg_dist_placement p USING (shardid) JOIN "
      "pg_dist_node n USING (groupid) JOIN pg_dist_node t ON t.groupid = 1 WHERE s.logicalrelid = "
      "'listener'::regclass AND n.groupid > 1 AND s.shardid % 2 = 0");
  for (const auto& name : cluster.names()) cluster.node(name).sql("ANALYZE");
  const auto rows = [&] {
    return cluster.sql("SELECT (SELECT count(*) FROM listener) + (SELECT count(*) FROM creator)");
  };
  const auto before = rows();
  REQUIRE(std::stod(counted_variation(cluster)) > 0.3);

  const ScratchDirectory scratch;
  std::string nodes;
  for (const auto& name : cluster.names()) {
    nodes += "    - {name: " + name +
             ", host: 127.0.0.1, port: " + std::to_string(cluster.node(name).port()) +
             ", dbname: postgres, user: homeostat_monitor, sslmode: disable}\n";
  }
  const auto config = scratch.path() + "/homeostat.yaml";
  write_file(config, "version: 1\nmode_ceiling: enforce\nspeed_up: 10\npolicies: [" +
                         std::string{HOMEOSTAT_SOURCE_DIR} +
                         "/policies/recommended/*.yaml]\npostgres:\n  nodes:\n" + nodes +
                         "  citus:\n    coordinator: coordinator\n    placement:\n"
                         "      - {table: public.listener, keys: [\"1\"], nodes: [worker-3]}\n"
                         "      - {table: public.creator, keys: [\"1\"], nodes: [worker-2]}\n"
                         "  ledger: {node: coordinator, user: homeostat_actuator}\n"
                         "http: {listen: \"127.0.0.1:" +
                         std::to_string(free_port()) + "\"}\njournal: {path: " + scratch.path() +
                         "/journal.db}\n");
  cluster.sql(run_homeostat({"grants", "--monitor", "--actuator"}).output);
  const auto migrated = run_homeostat({"migrate", "--config", config});
  INFO(migrated.output);
  REQUIRE(migrated.status == 0);
  cluster.sql(run_homeostat({"grants", "--citus", "melodyud_owner"}).output);

  // What would be done, without doing it.
  const auto plan = [&] { return run_homeostat({"plan", "shards", "--config", config}); };
  const auto planned = plan();
  INFO(planned.output);
  CHECK(planned.status == 0);
  CHECK_THAT(planned.output, Contains("Every node is within 10 % of its fair share then."));
  CHECK(misplaced(cluster) != "0");
  const auto unsuitable =
      run_homeostat({"plan", "shards", "--config", config, "--drain", "worker-3"});
  CHECK(unsuitable.status == 1);
  CHECK_THAT(unsuitable.output, Contains("change its placement rule"));
  CHECK(run_homeostat({"plan", "shards", "--config", config, "--drain", "worker-4"}).status == 2);

  ProcessOptions options;
  options.log = scratch.path() + "/daemon.log";
  ChildProcess daemon{{homeostat_binary(), "run", "--config", config}, options};
  const auto state = [&] {
    return cluster.sql("SELECT coalesce((SELECT phase FROM homeostat.rebalance_look()), 'none')");
  };
  const bool finished = eventually([&] { return state() == "finished"; });
  INFO(read_file(options.log));
  REQUIRE(finished);
  // A fresh reading confirms it before the policy is done.
  CHECK(eventually([&] {
    return cluster.sql("SELECT status FROM homeostat.lever WHERE lever = 'rebalance'") ==
           "reverted";
  }));
  CHECK(std::stod(counted_variation(cluster)) < 0.1);
  CHECK(misplaced(cluster) == "0");
  CHECK_THAT(plan().output, Contains("Nothing to move"));
  CHECK(rows() == before);
  CHECK(cluster.sql("SELECT count(*) FROM pg_dist_background_job") == "1");
  // Nothing of ours is on the workers but the roles.
  CHECK(cluster.node("worker-1")
            .sql("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'homeostat%'") == "0");
  daemon.signal(SIGTERM);
  CHECK(daemon.wait(std::chrono::seconds{30}) == 0);
}

}  // namespace homeostat::testing
