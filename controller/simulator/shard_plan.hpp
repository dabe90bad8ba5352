// SPDX-License-Identifier: Apache-2.0
// Moves of shards between nodes, as the plant `shards` makes them: a model of a rebalancer, not one
// for use.
#pragma once

#include <optional>
#include <vector>

namespace homeostat {

/// Bytes of each shard and the node that each is on.
struct Placement {
  std::vector<double> bytes;
  std::vector<std::size_t> node;  ///< of each shard, below `nodes`
  std::size_t nodes = 1;
};

struct Move {
  std::size_t shard = 0;
  std::size_t to = 0;  ///< node
};

struct ShardPlan {
  std::vector<Move> moves;
  double bytes = 0;        ///< of all moves
  double least_bytes = 0;  ///< that any plan must move: what is over or under on each node
  bool reaches = false;    ///< every node is within the deviation when they are made
  /// One shard alone is more than a node may hold: no move helps, only splitting it.
  std::optional<std::size_t> too_large;
};

std::vector<double> node_bytes(const Placement& placement);
/// Coefficient of variation: standard deviation over mean; 0 of nothing.
double variation(const std::vector<double>& values);
/// How far the largest is over the mean, as a share of it; 0 of nothing.
double largest_excess(const std::vector<double>& values);

/// Moves that bring every node to within `deviation` (a share of the mean), each from the fullest
/// node to the emptiest, none of which makes the fullest one fuller. Empty when all is well.
ShardPlan plan_moves(Placement placement, double deviation);

}  // namespace homeostat
