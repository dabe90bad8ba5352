// SPDX-License-Identifier: Apache-2.0
// One run of a scenario to be drawn, and one incident of it closer.
#pragma once

#include <optional>

#include "controller/simulator/scenario_report.hpp"
#include "controller/simulator/trace.hpp"

namespace homeostat {

struct ScenarioTrace {
  int run = 0;  ///< its number
  Trace whole;
  /// Of a run in which an incident would be but a few pixels wide.
  std::optional<Trace> closer;
};

/// Runs `report.telling_run` once more, and looks closer at the incident that was detected the
/// latest, or not at all, by the policies that something is expected of. Errors as of simulate().
Result<ScenarioTrace> trace_of(const Scenario& scenario, const PolicySet& policies,
                               const ScenarioReport& report);

}  // namespace homeostat
