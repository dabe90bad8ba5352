// SPDX-License-Identifier: Apache-2.0
// What a planner of shard moves is given, and what it answers. Plain values.
//
// A shard group is what moves together: the shards of one hash range in one colocation group. All
// colocation groups are planned jointly: a node is full of whatever they have put there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace homeostat::placement {

/// Of sums of doubles, relative.
inline constexpr double kRounding = 1e-9;

struct Node {
  int group = 0;             ///< pg_dist_node.groupid
  std::string name = {};     ///< for people
  double capacity = 1;       ///< its fair share beside the other nodes', above 0
  bool takes_shards = true;  ///< false: it is to be drained
};

struct ShardGroup {
  std::int64_t shard = 0;  ///< the smallest id of its shards
  int colocation = 0;
  std::size_t node = 0;  ///< where it is: an index of Problem::nodes
  double weight = 0;     ///< what is to be even: rows, bytes, load …
  double bytes = 0;      ///< that a move copies
  /// Indexes of the nodes that its placement rule allows; none: every one.
  std::vector<std::size_t> allowed = {};
  bool single_tenant = false;  ///< nothing splits it
};

struct Problem {
  std::vector<Node> nodes;
  std::vector<ShardGroup> groups;
  double deviation = 0.1;  ///< of a node from its fair share, at most, as a share of that
};

struct Move {
  std::size_t group = 0;  ///< an index of Problem::groups
  std::size_t to = 0;     ///< an index of Problem::nodes
  friend bool operator==(const Move&, const Move&) = default;
};

/// Why no plan brings every node within the deviation, proven.
struct Obstacle {
  enum class Kind {
    no_node,    ///< no node may take the group
    too_large,  ///< the group alone is more than any node that may take it should hold
    crowded,    ///< the groups that only these nodes may take are more than those should hold
    starved,    ///< the groups that the node may take are less than it should hold
    too_few,    ///< fewer groups than nodes: one at least stays empty
  };
  Kind kind = Kind::no_node;
  std::optional<std::size_t> group = {};  ///< of no_node and too_large
  std::vector<std::size_t> nodes = {};    ///< of crowded and starved
  friend bool operator==(const Obstacle&, const Obstacle&) = default;
};

struct Plan {
  std::vector<Move> moves;     ///< in this order; of a group one at most
  double bytes = 0;            ///< that they copy
  double least_bytes = 0;      ///< that any plan must copy: a lower bound
  bool even = false;           ///< every node is within the deviation afterwards
  bool order_raises = false;   ///< no order was found in which no move raises the fullest node
  std::vector<double> before;  ///< weight on each node
  std::vector<double> after;
  /// What moves cannot mend. Empty although the plan is not even: none was proven, and none found.
  std::vector<Obstacle> obstacles = {};
};

/// Weight that each node would hold if all were even; 0 for those that are to be drained.
std::vector<double> fair_shares(const Problem& problem);
std::vector<double> loads(const Problem& problem);
bool may_hold(const Problem& problem, std::size_t group, std::size_t node);

}  // namespace homeostat::placement
