// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "controller/ports/shard_layout.hpp"
#include "probes/shard_balance.hpp"

namespace homeostat {

/// What moves together, with the sums of its rows, bytes and load; bytes are unknown of a group of
/// which `bytes` lacks a shard, and so is load. REQUIRES: `rows` has every placement.
std::vector<ShardLayout::Group> shard_groups(const std::vector<ShardPlacement>& placements,
                                             const Measured& rows, const Measured& bytes,
                                             const Measured& load);

}  // namespace homeostat
