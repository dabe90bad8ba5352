// SPDX-License-Identifier: Apache-2.0
// `homeostat simulate`: what came out, as people and as programs read it. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "controller/simulator/scenario_report.hpp"

namespace homeostat::text {

std::string simulation(const ScenarioReport& report);

/// What was run, in one line without its end.
std::string simulation_heading(const ScenarioReport& report);

/// One JSON object with everything, a newline at its end.
std::string simulation_json(const std::vector<ScenarioReport>& reports);

/// Of one scenario.
nlohmann::json report_json(const ScenarioReport& report);

}  // namespace homeostat::text
