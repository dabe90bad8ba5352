// SPDX-License-Identifier: Apache-2.0
// From how shards lie to what is to be moved: between the probe, the planner and the lever.
#pragma once

#include <optional>
#include <string>

#include "actuators/placement/problem.hpp"
#include "actuators/rebalance.hpp"
#include "actuators/split.hpp"
#include "controller/ports/shard_layout.hpp"
#include "policies/model/error.hpp"
#include "policies/model/time.hpp"

namespace homeostat {

/// What is to be even, and how even.
struct Balance {
  double deviation = 0.1;  ///< of a node from its fair share
  /// rows, bytes, load (rows read and written a second), or max: whichever is the largest share of
  /// all, load where it is known. `trigger`, which the engine replaces by what tripped, is rows
  /// where nothing did.
  std::string weight = "rows";
};

/// `invalid_input` for a weight that is none; `unavailable` where bytes, or the load that is to be
/// even, are not known yet;
/// `refused` while a placement rule cannot be kept.
Result<placement::Problem> shard_problem(const ShardLayout& layout, const Balance& balance);

/// Plans by what was last known. `unavailable` when that is older than two minutes, or nothing;
/// `refused` where nothing can be mended by moves, with what can, and where a node lacks what moves
/// need (room_problem()).
Result<ShardMoves> plan_shards(const std::optional<ShardLayout>& known, const LeverValue& value,
                               TimePoint now);

/// What to split where moves cannot make every node even: the largest group that is alone too much
/// for a node, otherwise the largest of all; a part goes to the emptiest node that may hold it, and
/// the larger part where that is emptier than what stays beside it. Whether it is halved or its
/// largest tenant is isolated, is seen when it is carried out. `unavailable` as plan_shards();
/// `refused` while moves alone would do, where a node lacks what it needs, and of a single tenant's
/// group.
Result<ShardSplit> choose_split(const std::optional<ShardLayout>& known, const LeverValue& value,
                                TimePoint now);

}  // namespace homeostat
