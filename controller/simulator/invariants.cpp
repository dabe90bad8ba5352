// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/invariants.hpp"

#include <utility>

#include "controller/simulator/gains.hpp"
#include "controller/simulator/time_scales.hpp"
#include "controller/simulator/wedge.hpp"

namespace homeostat {

std::vector<InvariantFinding> check_invariants(const PolicySet& policies, const Scenario& scenario,
                                               const Plant& plant) {
  std::vector<InvariantFinding> found;
  for (const auto& policy : policies.policies) {
    if (auto wedge = find_wedge(policies, policy)) add(found, std::move(*wedge));
  }
  for (auto& finding : check_gains(policies, scenario)) add(found, std::move(finding));
  for (auto& finding : check_time_scales(policies)) add(found, std::move(finding));
  for (auto& finding : plant.check(policies)) add(found, std::move(finding));
  for (auto& finding : plant.findings()) {
    add(found, {finding.invariant, Severity::warning, "", std::move(finding.text)});
  }
  return found;
}

}  // namespace homeostat
