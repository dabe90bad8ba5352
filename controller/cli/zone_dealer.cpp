// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/zone_dealer.hpp"

#include <algorithm>
#include <utility>

#include "policies/loader/digest.hpp"

namespace homeostat {
namespace {

constexpr unsigned long long kBuckets = 10'000;

}  // namespace

// homeostat.bucket() of an empty salt: the first eight bytes of the SHA-256, which short_digest()
// has.
std::size_t dealt_to(const std::string& low, std::size_t zones) {
  const auto bucket = std::stoull(loader::short_digest(low), nullptr, 16) % kBuckets;
  return static_cast<std::size_t>(bucket) % zones;
}

ZoneDealer::ZoneDealer(std::string node, std::vector<std::string> zones,
                       std::shared_ptr<KnownShards> shards)
    : node_{std::move(node)}, zones_{std::move(zones)}, shards_{std::move(shards)} {
  std::sort(zones_.begin(), zones_.end());
}

const ShardZones* ZoneDealer::deal() {
  if (!shards_->newest) return nullptr;
  const auto& layout = *shards_->newest;
  if (taken_ == layout.taken) return &dealt_;
  taken_ = layout.taken;
  dealt_.clear();
  for (const auto& node : layout.nodes) {
    if (node.name != node_) continue;
    for (const auto& group : layout.groups) {
      if (group.node_group != node.group) continue;
      const auto& zone = zones_[dealt_to(group.low, zones_.size())];
      for (const auto shard : group.shards) dealt_.emplace(shard, zone);
    }
  }
  return &dealt_;
}

}  // namespace homeostat
