// SPDX-License-Identifier: Apache-2.0
#include "probes/shard_balance.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace homeostat {

RowCount row_count(const RowStatistics& statistics) {
  if (statistics.reltuples < 0 || statistics.dated) return {statistics.live, false};
  return {statistics.reltuples, true};
}

Result<ShardTotals> totals(const std::vector<ShardNode>& nodes,
                           const std::vector<ShardPlacement>& placements,
                           const Measured& measured) {
  ShardTotals result;
  std::map<int, std::size_t> index;
  for (const auto& node : nodes) {
    index.emplace(node.group, result.nodes.size());
    result.nodes.push_back({node.name, node.counts, node.capacity, 0, 0});
  }
  // The smallest id of each group first, so that its name does not depend on the order of rows.
  std::map<std::pair<int, std::string>, std::int64_t> first;
  for (const auto& placement : placements) {
    const auto [group, fresh] =
        first.try_emplace({placement.colocation, placement.low}, placement.shard);
    if (!fresh) group->second = std::min(group->second, placement.shard);
  }
  for (const auto& placement : placements) {
    const auto node = index.find(placement.group);
    const auto shard = std::to_string(placement.shard);
    if (node == index.end()) {
      return Error{ErrorCode::protocol, "shard " + shard + " lies on node group " +
                                            std::to_string(placement.group) +
                                            ", which is none of postgres.nodes"};
    }
    auto& total = result.nodes[node->second];
    const auto found = measured.find({placement.group, placement.table});
    if (found == measured.end()) {
      return Error{ErrorCode::protocol,
                   "node `" + total.name + "` answered without its shard " + shard};
    }
    total.total += found->second;
    ++total.shards;
    result.shard_groups[first.at({placement.colocation, placement.low})] += found->second;
  }
  return result;
}

Spread spread(const std::vector<Holding>& holdings) {
  Spread result;
  double capacity = 0;
  for (const auto& one : holdings) capacity += one.capacity;
  if (capacity == 0) return result;
  double sum = 0;
  double greatest = 0;
  for (const auto& one : holdings) {
    sum += one.value;
    greatest = std::max(greatest, one.value / one.capacity);
  }
  result.mean = sum / capacity;
  double squares = 0;
  for (const auto& one : holdings) {
    const double off = one.value / one.capacity - result.mean;
    squares += one.capacity * off * off;
  }
  result.deviation = std::sqrt(squares / capacity);
  result.above = greatest - result.mean;
  return result;
}

std::vector<Holding> counted(const ShardTotals& totals) {
  std::vector<Holding> holdings;
  for (const auto& node : totals.nodes) {
    if (node.counts) holdings.push_back({node.total, node.capacity});
  }
  return holdings;
}

Hottest hottest(const ShardTotals& totals, const std::set<std::int64_t>& but) {
  Hottest result;
  for (const auto& [shard, value] : totals.shard_groups) {
    result.sum += value;
    if (but.contains(shard)) continue;
    if (result.shard == 0 || value > result.value) {
      result.shard = shard;
      result.value = value;
    }
  }
  return result;
}

}  // namespace homeostat
