// SPDX-License-Identifier: Apache-2.0
// Whether the benchmarks' model of Citus' rebalancer plans what a real one does, move by move.
#include "tests/bench/citus_planner.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <random>
#include <sstream>

#include "tests/support/citus_cluster.hpp"

namespace homeostat::testing {
namespace {

using placement::Problem;

// `pair` and `triple` have fewer shards than there are nodes. Costs and rules are read from tables.
constexpr const char* kTables = R"(
  SET citus.shard_count = 32;
  CREATE TABLE listener (id bigint PRIMARY KEY, note text);
  CREATE TABLE creator (id bigint PRIMARY KEY, note text);
  SELECT create_distributed_table('listener', 'id'),
    create_distributed_table('creator', 'id', colocate_with => 'none');
  SET citus.shard_count = 2;
  CREATE TABLE pair (id bigint PRIMARY KEY);
  SELECT create_distributed_table('pair', 'id', colocate_with => 'none');
  SET citus.shard_count = 3;
  CREATE TABLE triple (id bigint PRIMARY KEY);
  SELECT create_distributed_table('triple', 'id', colocate_with => 'none');
)";
constexpr const char* kStrategy = R"(
  SET citus.enable_ddl_propagation = off;
  CREATE TABLE bench_cost (shardid bigint PRIMARY KEY, cost real);
  CREATE TABLE bench_rule (shardid bigint, groupid int);
  CREATE FUNCTION bench_cost(shard bigint) RETURNS real STABLE LANGUAGE sql
    AS 'SELECT cost FROM bench_cost WHERE shardid = shard';
  CREATE FUNCTION bench_allowed(shard bigint, node int) RETURNS boolean STABLE LANGUAGE sql
    AS 'SELECT NOT EXISTS (SELECT FROM bench_rule WHERE shardid = shard) OR EXISTS (SELECT FROM
      bench_rule JOIN pg_dist_node USING (groupid) WHERE shardid = shard AND nodeid = node)';
  SELECT citus_add_rebalance_strategy('bench', 'bench_cost', 'citus_node_capacity_1',
    'bench_allowed', 0.1, 0, 0);
)";

class Site {
 public:
  Site() {
    cluster_.sql(kTables);
    cluster_.sql(kStrategy);
    read_nodes();
    std::istringstream shards{
        cluster_.sql("SELECT string_agg(concat_ws(' ', s.shardid, t.colocationid, p.groupid), ' '"
                     " ORDER BY s.shardid) FROM pg_dist_shard s JOIN pg_dist_placement p USING "
                     "(shardid) JOIN pg_dist_partition t USING (logicalrelid)")};
    placement::ShardGroup group;
    for (int node = 0; shards >> group.shard >> group.colocation >> node;) {
      group.node = index_of(node);
      problem.groups.push_back(group);
    }
  }

  std::string sql(const std::string& text) { return cluster_.sql(text); }

  void read_nodes() {
    problem.nodes.clear();
    std::istringstream nodes{
        cluster_.sql("SELECT string_agg(concat_ws(' ', groupid, shouldhaveshards::int), ' ' ORDER "
                     "BY nodeid) FROM pg_dist_node")};
    placement::Node node;
    while (nodes >> node.group >> node.takes_shards) problem.nodes.push_back(node);
  }

  /// Costs by Zipf's law, and everything on any node that takes shards, of the first `filled`.
  void scramble(std::uint64_t seed, double zipf, std::size_t filled) {
    std::mt19937_64 random(seed);
    std::vector<std::size_t> taking;
    for (std::size_t node = 0; node < problem.nodes.size(); ++node) {
      if (problem.nodes[node].takes_shards && taking.size() < filled) taking.push_back(node);
    }
    for (auto& group : problem.groups) {
      const auto rank = 1 + random() % 32;
      // Whole numbers: their sums do not depend on an order.
      group.bytes = std::round(1e5 * std::pow(static_cast<double>(rank), -zipf));
      group.node = taking[random() % taking.size()];
    }
  }

  /// The moves of both, of each colocation group in their order.
  void check(const CitusStrategy& strategy) {
    CAPTURE(strategy.threshold, strategy.improvement);
    std::string given = "BEGIN; TRUNCATE bench_cost, bench_rule;";
    for (const auto& group : problem.groups) {
      const auto id = std::to_string(group.shard);
      given += "INSERT INTO bench_cost VALUES (" + id + ", " + std::to_string(group.bytes) + ");" +
               "UPDATE pg_dist_placement SET groupid = " + name(group.node) +
               " WHERE shardid = " + id + ";";
      for (const auto node : group.allowed) {
        given += "INSERT INTO bench_rule VALUES (" + id + ", " + name(node) + ");";
      }
    }
    // The session ends with the transaction open: nothing of it stays.
    const auto real = cluster_.sql(given + planned("'bench'", strategy));
    CHECK(real == modelled(strategy));
    moves += std::count(real.begin(), real.end(), ';');
  }

  /// The same of what Citus measures itself.
  void check_by_size(const CitusStrategy& strategy) {
    const auto cost = "SET citus.rebalancer_by_disk_size_base_cost = " +
                      std::to_string(static_cast<std::int64_t>(strategy.base_cost)) + ";";
    for (auto& group : problem.groups) {
      // As float8: numeric would keep six digits of it, which the base cost takes up.
      group.bytes = std::stod(cluster_.sql(cost + "SELECT citus_shard_cost_by_disk_size(" +
                                           std::to_string(group.shard) + ")::float8")) -
                    strategy.base_cost;
    }
    const auto real = cluster_.sql(cost + planned("'by_disk_size'", strategy));
    CHECK(real == modelled(strategy));
    moves += std::count(real.begin(), real.end(), ';');
  }

  Problem problem;
  std::ptrdiff_t moves = 0;  ///< that were compared

 private:
  std::size_t index_of(int group) const {
    std::size_t at = 0;
    while (problem.nodes.at(at).group != group) ++at;
    return at;
  }
  std::string name(std::size_t node) const { return std::to_string(problem.nodes[node].group); }

  static std::string planned(const std::string& strategy_name, const CitusStrategy& strategy) {
    return "SELECT coalesce(string_agg(format('%s:%s>%s;', p.shardid, f.groupid, t.groupid), '' "
           "ORDER BY c.colocationid, p.ordinality), '') FROM get_rebalance_table_shards_plan("
           "rebalance_strategy => " +
           strategy_name + ", threshold => " + std::to_string(strategy.threshold) +
           ", improvement_threshold => " + std::to_string(strategy.improvement) +
           ") WITH ORDINALITY AS p JOIN pg_dist_node f ON f.nodeport = p.sourceport JOIN "
           "pg_dist_node t ON t.nodeport = p.targetport JOIN pg_dist_partition c ON "
           "c.logicalrelid = p.table_name";
  }

  std::string modelled(const CitusStrategy& strategy) const {
    auto made = citus_plan(problem, strategy);
    std::stable_sort(made.begin(), made.end(), [&](const auto& a, const auto& b) {
      return problem.groups[a.group].colocation < problem.groups[b.group].colocation;
    });
    std::string text;
    for (const auto& move : made) {
      text += std::to_string(problem.groups[move.group].shard) + ":" + name(move.from) + ">" +
              name(move.to) + ";";
    }
    return text;
  }

  CitusCluster cluster_{4};
};

constexpr CitusStrategy kDefault{0.1, 0.5, 0};
constexpr CitusStrategy kTight{0.01, 0, 0};

}  // namespace

TEST_CASE("bench: the model of Citus' rebalancer plans what the real one does, move by move") {
  if (skipped_without_citus()) return;
  Site site;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    CAPTURE(seed);
    // All over the nodes; and the last ones empty, as new ones are.
    site.scramble(seed, seed % 2 == 0 ? 0.8 : 0.5, seed % 3 == 0 ? 2 : 9);
    site.check(kDefault);
    site.check(kTight);
  }
  for (std::uint64_t seed = 7; seed <= 9; ++seed) {
    CAPTURE(seed);
    site.scramble(seed, 0.8, 9);
    for (std::size_t i = 0; i < site.problem.groups.size(); i += 5) {
      site.problem.groups[i].allowed = {1 + (i + seed) % 4, 1 + (i / 5) % 4};
    }
    site.check(kDefault);
    site.check(kTight);
  }
  for (auto& group : site.problem.groups) group.allowed.clear();
  // One node is to be drained, and the coordinator takes shards.
  site.scramble(10, 0.8, 9);
  site.sql(
      "SELECT citus_set_node_property(nodename, nodeport, 'shouldhaveshards', groupid = 0) FROM "
      "pg_dist_node WHERE groupid IN (0, 2)");
  site.read_nodes();
  site.check(kDefault);
  site.check(kTight);
  CHECK(site.moves > 200);
}

TEST_CASE("bench: so does it by the sizes that Citus measures") {
  if (skipped_without_citus()) return;
  Site site;
  site.sql(
      "INSERT INTO listener SELECT g % 40, repeat('x', 2000) FROM generate_series(1, 40) AS g;"
      "INSERT INTO creator SELECT g, repeat('y', 100 + g % 7) FROM generate_series(1, 9000) AS g;"
      "INSERT INTO listener SELECT 40 + g * g, repeat('z', g) FROM generate_series(1, 2000) AS g");
  site.check_by_size({0.1, 0.5, 0});
  site.check_by_size({0.01, 0, 0});
  site.sql(
      "SELECT citus_set_node_property(nodename, nodeport, 'shouldhaveshards', false) FROM "
      "pg_dist_node WHERE groupid = 2");
  site.read_nodes();
  site.check_by_size({});
  CHECK(site.moves > 10);
}

}  // namespace homeostat::testing
