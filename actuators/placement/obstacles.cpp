// SPDX-License-Identifier: Apache-2.0
#include "actuators/placement/obstacles.hpp"

#include <algorithm>
#include <set>
#include <sstream>

namespace homeostat::placement {
namespace {

/// Nodes that may take the group, in order.
std::vector<std::size_t> takers(const Problem& problem, std::size_t group) {
  std::vector<std::size_t> nodes;
  for (std::size_t node = 0; node < problem.nodes.size(); ++node) {
    if (may_hold(problem, group, node)) nodes.push_back(node);
  }
  return nodes;
}

std::string named(const Problem& problem, const std::vector<std::size_t>& nodes) {
  std::string text;
  for (const auto node : nodes) text += (text.empty() ? "" : ", ") + problem.nodes[node].name;
  return text;
}

std::string percent_of(double part, double whole) {
  std::ostringstream text;
  text.precision(3);
  text << (whole > 0 ? 100 * part / whole : 0) << " %";
  return text.str();
}

}  // namespace

std::vector<Obstacle> obstacles(const Problem& problem) {
  std::vector<Obstacle> found;
  const auto shares = fair_shares(problem);
  const double more = 1 + problem.deviation + kRounding;
  std::vector<std::vector<std::size_t>> taken_by;
  std::set<std::vector<std::size_t>> sets;
  for (std::size_t group = 0; group < problem.groups.size(); ++group) {
    const auto& nodes = taken_by.emplace_back(takers(problem, group));
    if (nodes.empty()) {
      found.push_back({Obstacle::Kind::no_node, group, {}});
      continue;
    }
    double largest = 0;
    for (const auto node : nodes) largest = std::max(largest, shares[node]);
    if (problem.groups[group].weight > largest * more) {
      found.push_back({Obstacle::Kind::too_large, group, {}});
    }
    sets.insert(nodes);
  }
  for (const auto& nodes : sets) {
    double held = 0;
    double room = 0;
    for (const auto node : nodes) room += shares[node];
    for (std::size_t group = 0; group < problem.groups.size(); ++group) {
      const auto& own = taken_by[group];
      if (!own.empty() && std::includes(nodes.begin(), nodes.end(), own.begin(), own.end())) {
        held += problem.groups[group].weight;
      }
    }
    if (held > room * more) found.push_back({Obstacle::Kind::crowded, {}, nodes});
  }
  std::size_t needy = 0;
  for (std::size_t node = 0; node < problem.nodes.size(); ++node) {
    if (shares[node] <= 0) continue;
    ++needy;
    double offered = 0;
    for (std::size_t group = 0; group < problem.groups.size(); ++group) {
      if (may_hold(problem, group, node)) offered += problem.groups[group].weight;
    }
    if (offered < shares[node] * (1 - problem.deviation - kRounding)) {
      found.push_back({Obstacle::Kind::starved, {}, {node}});
    }
  }
  if (problem.deviation < 1 && problem.groups.size() < needy) {
    found.push_back({Obstacle::Kind::too_few, {}, {}});
  }
  return found;
}

std::string describe(const Problem& problem, const Obstacle& obstacle) {
  const auto shares = fair_shares(problem);
  const auto shard = [&] {
    return "the group of shard " + std::to_string(problem.groups[*obstacle.group].shard);
  };
  switch (obstacle.kind) {
    case Obstacle::Kind::no_node:
      return shard() +
             " may be on no node that takes shards: change its placement rule, or let one "
             "of its nodes take shards";
    case Obstacle::Kind::too_large: {
      double largest = 0;
      for (const auto node : takers(problem, *obstacle.group)) {
        largest = std::max(largest, shares[node]);
      }
      return shard() + " alone is " + percent_of(problem.groups[*obstacle.group].weight, largest) +
             " of a node's fair share: " +
             (problem.groups[*obstacle.group].single_tenant
                  ? "it is a single tenant's, and nothing splits it: give one node more capacity"
                  : "split it, isolate its largest tenant, or give one node more capacity");
    }
    case Obstacle::Kind::crowded:
      return "what only " + named(problem, obstacle.nodes) +
             " may hold is more than their fair share: allow another node, or give these more "
             "capacity";
    case Obstacle::Kind::starved:
      return "all that " + named(problem, obstacle.nodes) +
             " may hold is less than its fair share: allow it more, or give it less capacity";
    case Obstacle::Kind::too_few:
      break;
  }
  return "there are " + std::to_string(problem.groups.size()) +
         " groups of shards, fewer than nodes: split the largest";
}

}  // namespace homeostat::placement
