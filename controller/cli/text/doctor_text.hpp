// SPDX-License-Identifier: Apache-2.0
// `homeostat doctor` for people. Pure.
#pragma once

#include <string>
#include <vector>

#include "controller/cli/doctor/finding.hpp"

namespace homeostat::text {

/// One line a finding under the heading of its subject, with why and mend below those that are not
/// ok; a count at the end.
std::string doctor(const std::vector<doctor::Finding>& findings);

}  // namespace homeostat::text
