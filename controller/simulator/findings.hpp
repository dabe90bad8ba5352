// SPDX-License-Identifier: Apache-2.0
// What is wrong with policies or a plant, found by the invariants that README.md lists.
#pragma once

#include <string>
#include <vector>

namespace homeostat {

enum class Severity {
  warning,  ///< worth knowing; the exit status stays 0
  failure,
};

struct InvariantFinding {
  int invariant = 0;  ///< its number
  Severity severity = Severity::failure;
  std::string policy;  ///< empty: about the plant
  std::string text;    ///< with the numbers
  friend bool operator==(const InvariantFinding&, const InvariantFinding&) = default;
};

/// Adds it unless the same policy has that one already: runs of one scenario find the same.
void add(std::vector<InvariantFinding>& findings, InvariantFinding finding);

}  // namespace homeostat
