// SPDX-License-Identifier: Apache-2.0
// Which zone of a node each of its shards is in, as homeostat.zone_at() deals them out.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/ports/shard_layout.hpp"

namespace homeostat {

/// Which of so many zones of a node, in order of their names' bytes, has the shards with this lower
/// bound. REQUIRES: zones > 0.
std::size_t dealt_to(const std::string& low, std::size_t zones);

/// Of one node, by the newest layout.
class ZoneDealer {
 public:
  /// `zones` are all of the node's, at least one.
  ZoneDealer(std::string node, std::vector<std::string> zones, std::shared_ptr<KnownShards> shards);

  /// Nothing: no layout has been read yet. The newest stands while no other can be had, for an
  /// unreachable worker makes every reading fail, and nothing is moved then. A shard with several
  /// placements is in a zone of its first one's node only. Good until the next call.
  const ShardZones* deal();

 private:
  std::string node_;
  std::vector<std::string> zones_;
  std::shared_ptr<KnownShards> shards_;
  std::optional<TimePoint> taken_;  // of the layout that is dealt
  ShardZones dealt_;
};

}  // namespace homeostat
