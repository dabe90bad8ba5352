// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/invariants.hpp"

#include <utility>

namespace homeostat {

std::vector<InvariantFinding> check_invariants(const PolicySet& /*policies*/, const Plant& plant) {
  std::vector<InvariantFinding> found;
  // Of the plant: retries (6) here; batches (5), plans (7) and gains (3) come with their plants.
  for (auto& finding : plant.findings()) {
    add(found, {finding.invariant, Severity::warning, "", std::move(finding.text)});
  }
  return found;
}

}  // namespace homeostat
