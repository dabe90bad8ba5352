// SPDX-License-Identifier: Apache-2.0
// What must hold of policies and a plant whatever happens, checked without running a scenario.
// README.md lists them by number. What only shows while a scenario runs is found by `simulate`.
#pragma once

#include <vector>

#include "controller/simulator/findings.hpp"
#include "controller/simulator/plant.hpp"
#include "policies/model/policy.hpp"

namespace homeostat {

std::vector<InvariantFinding> check_invariants(const PolicySet& policies, const Plant& plant);

}  // namespace homeostat
