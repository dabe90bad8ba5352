// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "actuators/placement/assignment.hpp"

namespace homeostat::placement {

/// Improves on an assignment: what must move goes first; annealing; then every single move that is
/// worth it, so that what need not have moved goes home. The same seed gives the same answer.
/// `hot`: what dearer steps are taken readily at the beginning, by what Assignment asks for them.
void search(Assignment& assignment, std::uint64_t seed, double hot = 1e-2);

}  // namespace homeostat::placement
