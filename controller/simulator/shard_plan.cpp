// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/shard_plan.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace homeostat {
namespace {

double mean_of(const std::vector<double>& values) {
  if (values.empty()) return 0;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

bool within(const std::vector<double>& loads, double mean, double deviation) {
  return std::all_of(loads.begin(), loads.end(),
                     [&](double load) { return std::abs(load - mean) <= deviation * mean; });
}

/// The shard of `from` that comes nearest to making both nodes as full as the mean, without making
/// `to` fuller than `from` was.
std::optional<std::size_t> best_shard(const Placement& placement, const std::vector<double>& loads,
                                      std::size_t from, std::size_t to, double mean) {
  const double wanted = std::min(loads[from] - mean, mean - loads[to]);
  std::optional<std::size_t> best;
  for (std::size_t shard = 0; shard < placement.bytes.size(); ++shard) {
    const double size = placement.bytes[shard];
    if (placement.node[shard] != from || size <= 0) continue;
    if (loads[to] + size >= loads[from]) continue;
    const bool nearer =
        !best || std::abs(size - wanted) < std::abs(placement.bytes[*best] - wanted);
    if (nearer) best = shard;
  }
  return best;
}

double least_bytes(const std::vector<double>& loads, double mean, double deviation) {
  double over = 0;
  double under = 0;
  for (const double load : loads) {
    over += std::max(load - mean * (1 + deviation), 0.0);
    under += std::max(mean * (1 - deviation) - load, 0.0);
  }
  return std::max(over, under);
}

}  // namespace

std::vector<double> node_bytes(const Placement& placement) {
  std::vector<double> loads(placement.nodes, 0);
  for (std::size_t shard = 0; shard < placement.bytes.size(); ++shard) {
    loads[placement.node[shard]] += placement.bytes[shard];
  }
  return loads;
}

double variation(const std::vector<double>& values) {
  const double mean = mean_of(values);
  if (mean <= 0) return 0;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / static_cast<double>(values.size())) / mean;
}

double largest_excess(const std::vector<double>& values) {
  const double mean = mean_of(values);
  return mean > 0 ? *std::max_element(values.begin(), values.end()) / mean - 1 : 0;
}

ShardPlan plan_moves(Placement placement, double deviation) {
  ShardPlan plan;
  auto loads = node_bytes(placement);
  const double mean = mean_of(loads);
  plan.least_bytes = least_bytes(loads, mean, deviation);
  const auto largest = std::max_element(placement.bytes.begin(), placement.bytes.end());
  if (largest != placement.bytes.end() && *largest > mean * (1 + deviation)) {
    plan.too_large = static_cast<std::size_t>(largest - placement.bytes.begin());
  }
  while (!within(loads, mean, deviation)) {
    const auto from =
        static_cast<std::size_t>(std::max_element(loads.begin(), loads.end()) - loads.begin());
    const auto to =
        static_cast<std::size_t>(std::min_element(loads.begin(), loads.end()) - loads.begin());
    const auto shard = best_shard(placement, loads, from, to, mean);
    if (!shard) return plan;
    loads[from] -= placement.bytes[*shard];
    loads[to] += placement.bytes[*shard];
    placement.node[*shard] = to;
    plan.moves.push_back({*shard, to});
    plan.bytes += placement.bytes[*shard];
  }
  plan.reaches = true;
  return plan;
}

}  // namespace homeostat
