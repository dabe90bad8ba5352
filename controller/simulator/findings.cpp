// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/findings.hpp"

#include <algorithm>
#include <utility>

namespace homeostat {

void add(std::vector<InvariantFinding>& findings, InvariantFinding finding) {
  const bool there =
      std::any_of(findings.begin(), findings.end(), [&](const InvariantFinding& other) {
        return other.invariant == finding.invariant && other.policy == finding.policy &&
               other.severity == finding.severity;
      });
  if (!there) findings.push_back(std::move(finding));
}

}  // namespace homeostat
