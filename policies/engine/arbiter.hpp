// SPDX-License-Identifier: Apache-2.0
// From the rungs that policies have engaged to one value for each lever and target.
#pragma once

#include <map>
#include <vector>

#include "policies/engine/state.hpp"
#include "policies/model/lever.hpp"
#include "policies/model/policy.hpp"
#include "policies/model/verdict.hpp"

namespace homeostat {

/// Collects what policies want and settles who gets a key: the strictest admission, else the
/// highest priority, else the first by name; within one policy the highest rung. What shadow wants
/// and what enforced policies want are settled apart: one of these for each.
class Arbiter {
 public:
  /// What a policy wants of one lever.
  struct Claim {
    DesiredLever desired;
    int priority = 0;
  };

  /// Adds the engaged rungs of a policy about one subject; the last one left as far as it is back.
  /// `acted_on` is what acts without a target are aimed at: its subject, or what holds that.
  /// Of a regulator: its lever, once it has a value.
  void add(const Policy& policy, const PolicyRuntime& runtime, const Subject& acted_on);

  /// One lever a key, in order of key.
  std::vector<DesiredLever> settled() &&;

  /// The claims of other policies than those that got the lever, in order of key.
  /// REQUIRES: before settled().
  std::vector<Overruled> overruled() const;

 private:
  void claim(Claim wanted);
  std::map<LeverKey, std::vector<Claim>> claims_;  ///< of each the one that gets it first
};

}  // namespace homeostat
