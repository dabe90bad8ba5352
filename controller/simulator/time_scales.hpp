// SPDX-License-Identifier: Apache-2.0
// Invariant 4: loops about one plant do not get into each other's way.
#pragma once

#include <vector>

#include "controller/simulator/findings.hpp"
#include "policies/model/policy.hpp"

namespace homeostat {

/// Two loops whose time scales are less than a factor of five apart, and two that set the same
/// lever of the same target, are warned about. A regulator's time scale is the time between two of
/// its moves, a breaker's its first hold, or the ttl of a lever that settles last.
std::vector<InvariantFinding> check_time_scales(const PolicySet& policies);

}  // namespace homeostat
