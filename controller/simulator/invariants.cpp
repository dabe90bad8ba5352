// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/invariants.hpp"

#include <utility>

#include "controller/simulator/wedge.hpp"

namespace homeostat {

std::vector<InvariantFinding> check_invariants(const PolicySet& policies, const Plant& plant) {
  std::vector<InvariantFinding> found;
  for (const auto& policy : policies.policies) {
    if (auto wedge = find_wedge(policies, policy)) add(found, std::move(*wedge));
  }
  // Of the plant: retries (6) here; batches (5), plans (7) and gains (3) come with their plants.
  for (auto& finding : plant.findings()) {
    add(found, {finding.invariant, Severity::warning, "", std::move(finding.text)});
  }
  return found;
}

}  // namespace homeostat
