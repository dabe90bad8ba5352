// SPDX-License-Identifier: Apache-2.0
#include "actuators/placement/problem.hpp"

#include <algorithm>

namespace homeostat::placement {

std::vector<double> fair_shares(const Problem& problem) {
  double weight = 0;
  for (const auto& group : problem.groups) weight += group.weight;
  double capacity = 0;
  for (const auto& node : problem.nodes) capacity += node.takes_shards ? node.capacity : 0;
  std::vector<double> shares;
  for (const auto& node : problem.nodes) {
    shares.push_back(node.takes_shards && capacity > 0 ? weight * node.capacity / capacity : 0);
  }
  return shares;
}

std::vector<double> loads(const Problem& problem) {
  std::vector<double> sums(problem.nodes.size(), 0);
  for (const auto& group : problem.groups) sums[group.node] += group.weight;
  return sums;
}

bool may_hold(const Problem& problem, std::size_t group, std::size_t node) {
  if (!problem.nodes[node].takes_shards) return false;
  const auto& allowed = problem.groups[group].allowed;
  return allowed.empty() || std::find(allowed.begin(), allowed.end(), node) != allowed.end();
}

}  // namespace homeostat::placement
