// SPDX-License-Identifier: Apache-2.0
// `homeostat simulate --html`: what came out of each scenario, and one run of it drawn. Pure.
#pragma once

#include <string>
#include <vector>

#include "controller/simulator/scenario_report.hpp"
#include "controller/simulator/scenario_trace.hpp"

namespace homeostat::page {

/// One scenario. `policies` as they were simulated.
std::string simulate_section(const Scenario& scenario, const PolicySet& policies,
                             const ScenarioReport& report, const ScenarioTrace& trace);

/// All of them, whole: the verdict first.
std::string simulate_page(const std::vector<ScenarioReport>& reports,
                          const std::vector<std::string>& sections);

}  // namespace homeostat::page
