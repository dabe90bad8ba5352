// SPDX-License-Identifier: Apache-2.0
// Configuration and policies, as they were loaded. Pure.
#pragma once

#include <vector>

#include "controller/cli/doctor/finding.hpp"
#include "controller/cli/setup.hpp"

namespace homeostat::doctor {

/// The file, the mode_ceiling, and what it means.
std::vector<Finding> check_configuration(const Config& config);

/// Each policy with the mode that it will run in, and the arms that were dropped.
std::vector<Finding> check_policies(const PolicySet& policies,
                                    const std::vector<homeostat::Finding>& notes);

/// What stands in the way of loading them: one failure an error.
std::vector<Finding> check_load(const std::vector<homeostat::Finding>& errors);

}  // namespace homeostat::doctor
