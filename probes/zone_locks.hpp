// SPDX-License-Identifier: Apache-2.0
// From lock waits by shard of Citus to those of a node's zones. Pure arithmetic.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/ports/shard_layout.hpp"

namespace homeostat {

/// Client transactions at one instant.
struct LockCounts {
  double open = 0;
  double blocked = 0;      ///< of them, waiting for a lock
  double row_blocked = 0;  ///< … for a row
  double over_500ms = 0;   ///< blocked, and the statement is older than that
  friend bool operator==(const LockCounts&, const LockCounts&) = default;
};

/// By shard id.
using ShardCounts = std::map<std::int64_t, LockCounts>;

/// The column `shards` of sql/queries/citus_locks_sample.sql; nothing when it is not what it should
/// be.
std::optional<ShardCounts> read_shard_counts(std::string_view json);

/// Each of `zones`, with what its shards have. Shards that are in none of them, or unknown (a
/// number in a statement can be anything), are left out.
std::map<std::string, LockCounts> counts_of_zones(const std::vector<std::string>& zones,
                                                  const ShardCounts& shards,
                                                  const ShardZones& zone_of);

}  // namespace homeostat
