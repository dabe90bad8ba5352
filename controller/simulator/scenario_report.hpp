// SPDX-License-Identifier: Apache-2.0
// All runs of one scenario, and what is to be said about them. README.md: stable, others build on
// it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "controller/simulator/findings.hpp"
#include "controller/simulator/scenario.hpp"
#include "controller/simulator/score.hpp"
#include "controller/simulator/simulation.hpp"

namespace homeostat {

struct ScenarioReport {
  std::string scenario;
  std::string plant;  ///< its kind
  std::uint64_t seed = 0;
  int runs = 0;
  Duration simulated{};  ///< of all runs together
  std::map<std::string, PolicyScore> policies;
  ServiceScore service;
  std::vector<InvariantFinding> findings;
  std::vector<std::string> met;     ///< expectations that hold, each with its numbers
  std::vector<std::string> missed;  ///< expectations that do not hold, each with its numbers
  std::vector<std::string> notes;
  /// The number of the run that tells most: the first that misses something by itself, else the
  /// first.
  int telling_run = 0;
  RunScore telling;    ///< what it came to
  std::string digest;  ///< of the first run, with its ticks, where somebody asked for it

  /// All expectations hold, and all invariants.
  bool holds() const;
};

/// Runs it with policies that were `fitted`. An Error when the plant diverges. `watch` sees every
/// step of the first run.
Result<ScenarioReport> report_on(const Scenario& scenario, const PolicySet& policies,
                                 const Watch& watch = {});

}  // namespace homeostat
