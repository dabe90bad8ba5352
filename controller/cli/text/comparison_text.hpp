// SPDX-License-Identifier: Apache-2.0
// `homeostat simulate --compare`: policy sets side by side, as people and as programs read it.
// Pure.
#pragma once

#include <string>
#include <vector>

#include "controller/simulator/scenario_report.hpp"

namespace homeostat::text {

/// What a policy set came to.
struct SetReport {
  std::string set;
  ScenarioReport report;
};

/// Of one scenario: each policy of the first set with a line a set, then the plant. REQUIRES: not
/// empty. Expectations are about the first set; what only others have is named, no more.
std::string comparison(const std::vector<SetReport>& sets);

/// One JSON object with everything of all scenarios, a newline at its end.
std::string comparison_json(const std::vector<std::vector<SetReport>>& scenarios);

}  // namespace homeostat::text
