// SPDX-License-Identifier: Apache-2.0
// Invariant 2: no breaker stays open for ever on a system at rest.
#pragma once

#include <optional>

#include "controller/simulator/findings.hpp"
#include "policies/model/policy.hpp"

namespace homeostat {

/// Opens the policy by breaching every arm that a constant reading breaches, climbs its whole
/// ladder, and then shows it nothing but empty readings (0/0), as a database without a single
/// transaction gives. Nothing when it closes in the time that its own hold, clear times and stages
/// need, or does not open at all.
std::optional<InvariantFinding> find_wedge(const PolicySet& policies, const Policy& policy);

}  // namespace homeostat
