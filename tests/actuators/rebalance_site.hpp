// SPDX-License-Identifier: Apache-2.0
// A Citus cluster with distributed tables of one owner, Homeostat's schema, and a leader with the
// lever `rebalance`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "actuators/rebalance.hpp"
#include "tests/support/citus_cluster.hpp"
#include "tests/support/ledger_bench.hpp"

namespace homeostat::testing {

/// Three workers; `listener` and `playlist` share their shards, four, `creator` has four of its
/// own. What Homeostat needs of the coordinator is there.
class RebalanceSite {
 public:
  RebalanceSite();

  CitusCluster& cluster() { return cluster_; }
  std::string sql(const std::string& text) { return cluster_.sql(text); }

  /// Ids of the shards of a table, in order.
  std::vector<std::int64_t> shards(const std::string& table);
  /// The node group (1 to 3 for the workers) that has a shard.
  int node_of(std::int64_t shard);
  /// Another worker's node group.
  int other_node(std::int64_t shard) { return node_of(shard) % 3 + 1; }
  /// Rows of all tables together: moves change nothing about them.
  std::string rows();
  /// Whether a move holds or is copying: something that takes a while has begun.
  bool moving();

 private:
  CitusCluster cluster_;
};

/// A supervisor's end of it.
struct Rebalancer {
  explicit Rebalancer(RebalanceSite& site, std::string name = "one", Duration deadline = kPatient);

  /// What the next order moves; each shard is named with the node group that it goes to.
  void plan(std::int64_t shard, int node_group) {
    moves.moves.push_back({shard, node_group, 1000});
  }
  Change change(ChangeKind kind);
  ChangeResult apply(Change made);
  ChangeResult order() { return apply(change(ChangeKind::apply)); }
  ChangeResult renew() { return apply(change(ChangeKind::renew)); }
  ChangeResult give_back() { return apply(change(ChangeKind::revert)); }
  /// One step later.
  Result<void> step();
  std::optional<JobProgress> progress();
  /// Whether it comes to that within a minute of steps.
  bool comes_to(JobPhase phase);

  ShardMoves moves;
  std::optional<Error> no_plan;
  Instance instance;
  RebalanceLever lever;
};

}  // namespace homeostat::testing
