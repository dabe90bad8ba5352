// SPDX-License-Identifier: Apache-2.0
// `expect:` of a scenario against what came out.
#pragma once

#include "controller/simulator/scenario_report.hpp"

namespace homeostat {

/// Fills `met` and `missed`, each in one line with its numbers; a policy that was not simulated has
/// missed all of them.
void judge(const Scenario& scenario, ScenarioReport& report);

}  // namespace homeostat
