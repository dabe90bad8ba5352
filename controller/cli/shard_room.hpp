// SPDX-License-Identifier: Apache-2.0
// Whether the nodes have what moves and splits of shards need: asked before anything is ordered.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "actuators/rebalance.hpp"
#include "actuators/split.hpp"
#include "controller/ports/shard_layout.hpp"

namespace homeostat {

/// Of one move, whose tables may have two owners: replication slots, and as many senders, of the
/// node that gives; apply workers of the node that takes.
inline constexpr int kSpareSlots = 2;

/// Why these moves would not come to their end, with the node, what it has and what mends it;
/// nothing: no reason is known. All that is moved to a node has to fit beside what it has, and to
/// leave what Citus wants free: what is moved off it goes later.
std::optional<std::string> room_problem(const ShardLayout& layout,
                                        const std::vector<ShardMoves::Move>& moves);

/// The same of a split. Either node may get nearly all of it, as a copy beside the group that is
/// still there.
std::optional<std::string> room_problem(const ShardLayout& layout, const ShardSplit& split);

}  // namespace homeostat
