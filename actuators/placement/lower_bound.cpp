// SPDX-License-Identifier: Apache-2.0
#include "actuators/placement/lower_bound.hpp"

#include <algorithm>

namespace homeostat::placement {
namespace {

/// Those that weigh most for their bytes first.
std::vector<std::size_t> by_yield(const Problem& problem) {
  std::vector<std::size_t> order(problem.groups.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const auto& one = problem.groups[a];
    const auto& other = problem.groups[b];
    return one.weight * other.bytes > other.weight * one.bytes;
  });
  return order;
}

/// Bytes of the first of these that together weigh so much.
template <class Usable>
double cheapest(const Problem& problem, const std::vector<std::size_t>& order, double weight,
                Usable usable) {
  double bytes = 0;
  for (const auto group : order) {
    if (weight <= 0) break;
    const auto& one = problem.groups[group];
    if (!usable(group) || one.weight <= 0) continue;
    bytes += one.bytes * std::min(1.0, weight / one.weight);
    weight -= one.weight;
  }
  return bytes;
}

}  // namespace

double least_bytes(const Problem& problem) {
  const auto shares = fair_shares(problem);
  const auto standing = loads(problem);
  const auto order = by_yield(problem);
  double out = 0;
  double in = 0;
  for (std::size_t node = 0; node < problem.nodes.size(); ++node) {
    double forced_bytes = 0;
    double forced_weight = 0;
    for (std::size_t group = 0; group < problem.groups.size(); ++group) {
      if (problem.groups[group].node != node || may_hold(problem, group, node)) continue;
      forced_bytes += problem.groups[group].bytes;
      forced_weight += problem.groups[group].weight;
    }
    const double stays = standing[node] - forced_weight;
    const double most = shares[node] * (1 + problem.deviation);
    const double least = shares[node] * (1 - problem.deviation);
    out += forced_bytes + cheapest(problem, order, stays - most, [&](std::size_t group) {
             return problem.groups[group].node == node && may_hold(problem, group, node);
           });
    in += cheapest(problem, order, least - stays, [&](std::size_t group) {
      return problem.groups[group].node != node && may_hold(problem, group, node);
    });
  }
  return std::max(out, in);
}

}  // namespace homeostat::placement
