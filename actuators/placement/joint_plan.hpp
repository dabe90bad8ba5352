// SPDX-License-Identifier: Apache-2.0
// The planner of shard moves. Pure and deterministic: no clock, and the same answer each time.
#pragma once

#include "actuators/placement/problem.hpp"

namespace homeostat::placement {

/// Moves after which every node is within the deviation of its fair share, no group stands where
/// its rule forbids, and drained nodes are empty; with the fewest bytes that were found, then the
/// fewest moves. Simulated annealing over moves and swaps, then everything is sent home that need
/// not have moved (control-loops.md §3c). Where that cannot be: `obstacles`, and the moves that
/// come nearest to it. Planned to nineteen twentieths of the deviation, for shards grow while they
/// move, where that can be had for a tenth more bytes at most. A problem that is solved already has
/// no moves.
///
/// REQUIRES: every index is valid, weights and bytes are not negative.
Plan plan(const Problem& problem);

}  // namespace homeostat::placement
