// SPDX-License-Identifier: Apache-2.0
// Invariant 3: no regulator answers more than the delay of its loop bears.
#pragma once

#include <vector>

#include "controller/simulator/findings.hpp"
#include "controller/simulator/scenario.hpp"
#include "policies/model/policy.hpp"

namespace homeostat {

/// The gain from which on an integrator swings for ever, when what it does is seen `delay`
/// evaluations later: 2 sin(pi / (2 (2 delay + 1))). Sensible ones are at most half of it.
double largest_gain(int delay);

/// A cut of AIMD is an integrator's step of 1 - cut: it goes wrong when cuts follow each other
/// faster than they are seen (sensor, actuator and the samples that a condition waits for; `smooth`
/// is not counted). A formula is tried against the plant as it begins, with its lever held at
/// several values: where what it then wants crosses what stands, it must not answer a deviation by
/// more than the same deviation the other way.
std::vector<InvariantFinding> check_gains(const PolicySet& policies, const Scenario& scenario);

}  // namespace homeostat
