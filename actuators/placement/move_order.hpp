// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actuators/placement/problem.hpp"

namespace homeostat::placement {

/// Brings moves into an order in which none raises the node that is fullest beside its fair share.
/// False: none was found, and each next one raises it least.
bool order_moves(const Problem& problem, std::vector<Move>& moves);

}  // namespace homeostat::placement
