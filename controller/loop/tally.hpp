// SPDX-License-Identifier: Apache-2.0
// Counters and derived figures of the published report.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "controller/loop/report.hpp"
#include "controller/ports/journal.hpp"
#include "policies/engine/state.hpp"
#include "policies/model/policy.hpp"

namespace homeostat {

/// Adds acts to report->acts by (policy, lever, outcome): applied, reverted, refused, yielded,
/// unknown. Renewals that succeeded are no acts.
void count_acts(const std::vector<ActRecord>& acts, Report* report);

/// Adds to report->would_acts what policies below `enforce` would have done: rungs climbed,
/// levers regulated.
void count_would_acts(const PolicySet& policies, const std::vector<Verdict>& verdicts,
                      Report* report);

/// Adds to report->effects how acts were judged.
void count_effects(const std::vector<Effect>& effects, Report* report);

/// The rungs of enforced policies that are benched at `now`.
std::vector<BenchedLever> benched_levers(const PolicySet& policies, const EngineState& state,
                                         TimePoint now);

/// In order of policy.
std::vector<CanaryStatus> canaries(const PolicySet& policies, const EngineState& state);

/// The share admitted of each feature (0..1), by the strictest open lever on its class or its name.
std::map<std::string, double> feature_shares(const std::map<std::string, std::string>& features,
                                             const std::vector<OpenLever>& levers);

}  // namespace homeostat
