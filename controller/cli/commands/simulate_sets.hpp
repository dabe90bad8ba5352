// SPDX-License-Identifier: Apache-2.0
// `homeostat simulate --compare`: the same scenarios with several policy sets.
#pragma once

#include <string>
#include <vector>

#include "controller/simulator/scenario.hpp"

namespace homeostat {

// Exit statuses of `homeostat simulate`.
constexpr int kHolds = 0;
constexpr int kFails = 1;
constexpr int kUnusable = 2;

/// `named`: the first set, as of policies_of(); each of `compared` is a set by itself. Prints a
/// table a scenario, as soon as it is there, or JSON at the end. The exit status is that of the
/// first set.
int compare_sets(const std::vector<Scenario>& scenarios, const std::vector<std::string>& named,
                 const std::vector<std::string>& compared, bool json);

}  // namespace homeostat
