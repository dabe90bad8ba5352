// SPDX-License-Identifier: Apache-2.0
// What Citus 13's own rebalancer would plan, for benchmarks to hold ours against. A model written
// from its behaviour; tests/bench/citus_planner_test.cpp holds it against the real one.
#pragma once

#include <cstddef>
#include <vector>

#include "actuators/placement/problem.hpp"

namespace homeostat::testing {

/// pg_dist_rebalance_strategy's by_disk_size, as installed.
struct CitusStrategy {
  double threshold = 0.1;    ///< of a node from the mean
  double improvement = 0.5;  ///< that a move must bring, as a share of what it moves
  /// citus.rebalancer_by_disk_size_base_cost: so much is added to every group.
  double base_cost = 100.0 * 1024 * 1024;
};

struct CitusMove {
  std::size_t group = 0;  ///< an index of Problem::groups
  std::size_t from = 0;   ///< indexes of Problem::nodes
  std::size_t to = 0;
  friend bool operator==(const CitusMove&, const CitusMove&) = default;
};

/// Moves in the order of the plan; a group may be moved more than once. Each colocation group is
/// planned alone and by bytes, from the smallest id on; those with fewer groups than there are
/// nodes that take shards, together. Weights and the problem's deviation are not asked, nor is a
/// node's capacity.
std::vector<CitusMove> citus_plan(const placement::Problem& problem, const CitusStrategy& strategy);

}  // namespace homeostat::testing
