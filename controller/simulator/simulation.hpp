// SPDX-License-Identifier: Apache-2.0
// One run of a scenario: the plant, the sensor, the daemon's own decide(), the actuator, step by
// step on a virtual clock.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controller/simulator/findings.hpp"
#include "controller/simulator/plant.hpp"
#include "controller/simulator/scenario.hpp"
#include "controller/simulator/score.hpp"
#include "policies/engine/decide.hpp"

namespace homeostat {

/// One step as it was, for charts and tests. References hold during the call only.
struct SimulatedStep {
  TimePoint now;
  const Plant& plant;
  const std::vector<Incident>& active;
  const Snapshot& snapshot;
  const Decision& decision;
  const LeversInForce& levers;
};
using Watch = std::function<void(const SimulatedStep&)>;

struct RunScore {
  Duration simulated{};
  std::map<std::string, PolicyScore> policies;
  ServiceScore service;
  std::vector<InvariantFinding> findings;  ///< what only shows while it runs
  /// When the storm brake came on, if it did. Nobody acknowledges it here: nothing moved forward
  /// from then on.
  std::optional<TimePoint> braked;
};

/// Run number `run` (from 0). An Error when the plant diverges.
Result<RunScore> simulate(const Scenario& scenario, const PolicySet& policies, int run,
                          const Watch& watch = {});

/// What goes wrong in that run, by its beginning.
std::vector<Incident> incidents_of(const Scenario& scenario, int run);

/// The policies as a scenario runs them: every one that is not off acts, at `evaluate_every` if the
/// scenario says so (regulators at their own pace); arms on signals that the plant does not have
/// are dropped, and policies without an arm left or with a formula over such signals. Adds to
/// `notes` what was dropped.
PolicySet fitted(PolicySet policies, const Scenario& scenario, std::vector<std::string>& notes);

}  // namespace homeostat
