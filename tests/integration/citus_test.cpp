// SPDX-License-Identifier: Apache-2.0
// The daemon on a real Citus cluster: an imbalance is noticed and mended, with nobody asking.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/integration/binary.hpp"
#include "tests/integration/citus_site.hpp"
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

/// Half of the second and third worker's listeners go to the first.
void make_uneven(CitusCluster& cluster) {
  cluster.sql("CREATE ROLE melodyud_owner LOGIN");
  cluster.sql("GRANT CREATE ON SCHEMA public TO melodyud_owner");
  cluster.sql(kTables);
  cluster.sql(
      "SELECT citus_move_shard_placement(s.shardid, n.nodename, n.nodeport, t.nodename, t.nodeport,"
      " 'block_writes') FROM pg_dist_shard s JOIN pg_dist_placement p USING (shardid) JOIN "
      "pg_dist_node n USING (groupid) JOIN pg_dist_node t ON t.groupid = 1 WHERE s.logicalrelid = "
      "'listener'::regclass AND n.groupid > 1 AND s.shardid % 2 = 0");
  for (const auto& name : cluster.names()) cluster.node(name).sql("ANALYZE");
}

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
  CitusSite site;
  auto& cluster = site.cluster;
  make_uneven(cluster);
  const auto rows = [&] {
    return cluster.sql("SELECT (SELECT count(*) FROM listener) + (SELECT count(*) FROM creator)");
  };
  const auto before = rows();
  REQUIRE(std::stod(counted_variation(cluster)) > 0.3);

  CitusSetup setup{recommended_policies()};
  setup.citus =
      "    placement:\n"
      "      - {table: public.listener, keys: [\"1\"], nodes: [worker-3]}\n"
      "      - {table: public.creator, keys: [\"1\"], nodes: [worker-2]}\n";
  site.prepare(setup);
  const auto& config = site.config();
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
  // Nobody reads or writes, which is even; but a shard that lies where it may not has to move.
  const auto by_load =
      run_homeostat({"plan", "shards", "--config", config, "--weight", "load", "--window", "1"});
  CHECK(by_load.status == 0);
  CHECK_THAT(by_load.output, Contains("on 3 nodes, by load, of"));

  site.start();
  const auto state = [&] {
    return cluster.sql("SELECT coalesce((SELECT phase FROM homeostat.rebalance_look()), 'none')");
  };
  const bool finished = eventually([&] { return state() == "finished"; });
  INFO(read_file(site.log()));
  REQUIRE(finished);
  // A fresh reading confirms it before the policy is done.
  CHECK(eventually([&] {
    return cluster.sql("SELECT status FROM homeostat.lever WHERE lever = 'rebalance'") ==
           "reverted";
  }));
  // What tripped decides what is to be even, and the ledger says so.
  CHECK(cluster.sql("SELECT value ->> 'weight' FROM homeostat.lever WHERE lever = 'rebalance'") ==
        "rows");
  CHECK(std::stod(counted_variation(cluster)) < 0.1);
  CHECK(misplaced(cluster) == "0");
  CHECK_THAT(plan().output, Contains("Nothing to move"));
  CHECK(rows() == before);
  CHECK(cluster.sql("SELECT count(*) FROM pg_dist_background_job") == "1");
  // Nothing of ours is on the workers but the roles.
  CHECK(cluster.node("worker-1")
            .sql("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'homeostat%'") == "0");
  CHECK(site.stop() == 0);
}

TEST_CASE(
    "citus: what a worker lacks for a move is named with what mends it, and nothing is moved") {
  if (skipped_without_citus()) return;
  CitusSite site;
  auto& cluster = site.cluster;
  make_uneven(cluster);
  cluster.node("worker-1").sql("ALTER SYSTEM SET max_replication_slots = 1");
  cluster.node("worker-1").restart();
  site.prepare({recommended_policies()});
  cluster.sql(run_homeostat({"grants", "--citus", "melodyud_owner"}).output);
  const std::string why =
      "node `worker-1`: max_replication_slots is 1, 0 are used, and to copy shards off it takes 2 "
      "more: ALTER SYSTEM SET max_replication_slots = 8; and restart the server when it suits";
  const auto planned = run_homeostat({"plan", "shards", "--config", site.config()});
  CHECK_THAT(planned.output, Contains("would refuse these moves now: " + why));
  const auto json = run_homeostat({"plan", "shards", "--config", site.config(), "--json"});
  CHECK(nlohmann::json::parse(json.output, nullptr, false).value("refused", "") == why);

  site.start();
  const auto log = [&] { return read_file(site.log()); };
  const bool told = eventually([&] {
    return log().find("rebalance cluster: refused (shard-balance; " + why) != std::string::npos;
  });
  INFO(log());
  CHECK(told);
  // Whoever is called does not have to look into the log.
  const auto explained = [&] {
    return run_homeostat({"explain", "shard-balance", "--server", site.url()}).output;
  };
  CHECK(eventually([&] {
    return explained().find("Ordered, not started: " + why + " (tried ") != std::string::npos;
  }));
  CHECK_THAT(explained(), Contains("ordered, NOT STARTED for ") && !Contains("running,"));
  const auto status = [&](std::vector<std::string> how) {
    how.insert(how.begin(), {"status", "--server", site.url()});
    return run_homeostat(how).output;
  };
  CHECK(eventually([&] { return status({}).find("HomeostatJobNotStarted") != std::string::npos; }));
  const auto report = nlohmann::json::parse(status({"--json"}), nullptr, false);
  REQUIRE(report.is_object());
  for (const auto& verdict : report["verdicts"]) {
    if (verdict["policy"] != "shard-balance") continue;
    CHECK(verdict["job"]["not_started"]["why"] == why);
    CHECK(verdict["job"]["not_started"]["tries"].get<int>() > 1);
  }
  CHECK(cluster.sql("SELECT count(*) FROM pg_dist_background_job") == "0");
  CHECK(cluster.sql("SELECT count(*) FROM homeostat.rebalance_run") == "0");
  CHECK(cluster.sql("SELECT count(*) FROM homeostat.lever WHERE lever = 'rebalance'") == "0");
  CHECK(site.stop() == 0);
}

TEST_CASE("citus: a group too large for any node is split, when somebody has said yes") {
  if (skipped_without_citus()) return;
  CitusSite site;
  auto& cluster = site.cluster;
  cluster.allow_splits();
  cluster.sql("CREATE ROLE melodyud_owner LOGIN");
  cluster.sql("GRANT CREATE ON SCHEMA public TO melodyud_owner");
  // One shard has nearly all rows: no move makes the nodes even.
  cluster.sql(
      "SET ROLE melodyud_owner; SET citus.shard_count = 3;"
      "CREATE TABLE listener (user_id bigint PRIMARY KEY, note text);"
      "SELECT create_distributed_table('listener', 'user_id');"
      "INSERT INTO listener SELECT g, 'x' FROM generate_series(1, 9000) AS g"
      " WHERE get_shard_id_for_distribution_column('listener', g) ="
      " (SELECT min(shardid) FROM pg_dist_shard) OR g % 20 = 0");
  for (const auto& name : cluster.names()) cluster.node(name).sql("ANALYZE");
  const auto rows = cluster.sql("SELECT count(*) FROM listener");
  const ScratchDirectory scratch;
  // The shipped policy, at any time of day.
  auto policy =
      read_file(HOMEOSTAT_SOURCE_DIR "/policies/recommended/irreversible/shard-split.yaml");
  const auto from = policy.find("windows:");
  REQUIRE(from != std::string::npos);
  policy.erase(from, policy.find('\n', from) - from);
  // And without the policies that are not there.
  const auto blocked = policy.find("blocked_while:");
  REQUIRE(blocked != std::string::npos);
  policy.erase(blocked);
  write_file(scratch.path() + "/shard-split.yaml", policy);
  site.prepare({scratch.path() + "/shard-split.yaml", 20});
  cluster.sql(run_homeostat({"grants", "--citus", "melodyud_owner"}).output);
  const auto planned = run_homeostat({"plan", "shards", "--config", site.config()});
  CHECK(planned.status == 1);
  CHECK_THAT(planned.output, Contains("split it"));

  site.start();
  const auto shards = [&] { return cluster.sql("SELECT count(*) FROM pg_dist_shard"); };
  const auto verdict = [&] {
    const auto printed = run_homeostat({"status", "--json", "--server", site.url()});
    const auto report = nlohmann::json::parse(printed.output, nullptr, false);
    if (!report.is_object() || report["verdicts"].empty()) return nlohmann::json::object();
    return report["verdicts"][0];
  };
  const bool waits = eventually([&] {
    const auto now = verdict();
    return now.contains("job") && now["job"].value("waits_for_approval", false);
  });
  CHECK(shards() == "3");
  INFO(read_file(site.log()));
  INFO(verdict().dump(2));
  REQUIRE(waits);
  const auto yes = run_homeostat({"ack", "--policy", "shard-split", "--reason", "looked at it",
                                  "--config", site.config(), "--user", "postgres"});
  INFO(yes.output);
  REQUIRE(yes.status == 0);
  const bool split = eventually([&] { return shards() == "4"; });
  INFO(read_file(site.log()));
  REQUIRE(split);
  CHECK(eventually([&] {
    return cluster.sql("SELECT status FROM homeostat.lever WHERE lever = 'split'") == "reverted";
  }));
  CHECK(cluster.sql("SELECT phase FROM homeostat.split_look()") == "finished");
  CHECK(cluster.sql("SELECT count(*) FROM listener") == rows);
  CHECK(site.stop() == 0);
}

}  // namespace homeostat::testing
