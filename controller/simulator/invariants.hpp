// SPDX-License-Identifier: Apache-2.0
// What must hold of policies and a plant whatever happens, checked without running a scenario.
// README.md lists them by number. What only shows while a scenario runs is found by `simulate`.
#pragma once

#include <vector>

#include "controller/simulator/findings.hpp"
#include "controller/simulator/plant.hpp"
#include "controller/simulator/scenario.hpp"
#include "policies/model/policy.hpp"

namespace homeostat {

/// `plant` is the scenario's, and has not begun.
std::vector<InvariantFinding> check_invariants(const PolicySet& policies, const Scenario& scenario,
                                               const Plant& plant);

}  // namespace homeostat
