// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "actuators/placement/problem.hpp"

namespace homeostat::placement {

/// What can be proven to keep every plan from bringing all nodes within the deviation. None:
/// nothing was proven, which does not say that there is a plan.
std::vector<Obstacle> obstacles(const Problem& problem);

/// For people: the obstacle, and what would mend it.
std::string describe(const Problem& problem, const Obstacle& obstacle);

}  // namespace homeostat::placement
