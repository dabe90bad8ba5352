// SPDX-License-Identifier: Apache-2.0
#include "probes/shard_groups.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace homeostat {
namespace {

/// Unknown from the first shard on that is missing.
void add_to(std::optional<double>& sum, const Measured& measured, const ShardPlacement& placement) {
  const auto found = measured.find({placement.group, placement.table});
  if (found == measured.end()) {
    sum.reset();
  } else if (sum) {
    *sum += found->second;
  }
}

}  // namespace

std::vector<ShardLayout::Group> shard_groups(const std::vector<ShardPlacement>& placements,
                                             const Measured& rows, const Measured& bytes,
                                             const Measured& load) {
  std::map<std::pair<int, std::string>, ShardLayout::Group> groups;
  for (const auto& placement : placements) {
    const auto [entry, first] = groups.try_emplace({placement.colocation, placement.low});
    auto& group = entry->second;
    if (first) {
      group.shard = placement.shard;
      group.colocation = placement.colocation;
      group.node_group = placement.group;
      group.bytes = 0;
      group.load = 0;
      group.low = placement.low;
    }
    group.shards.push_back(placement.shard);
    group.shard = std::min(group.shard, placement.shard);
    group.rows += rows.at({placement.group, placement.table});
    add_to(group.bytes, bytes, placement);
    add_to(group.load, load, placement);
  }
  std::vector<ShardLayout::Group> result;
  for (auto& [key, group] : groups) result.push_back(group);
  std::sort(result.begin(), result.end(),
            [](const auto& one, const auto& other) { return one.shard < other.shard; });
  return result;
}

}  // namespace homeostat
