// SPDX-License-Identifier: Apache-2.0
// What the live policies call too much, as the database is told: homeostat.health() judges by it
// when nobody else does.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "policies/model/policy.hpp"

namespace homeostat {

/// One condition of a policy.
struct Threshold {
  std::string policy;
  int arm = 1;  ///< the condition's place in its policy, from 1
  PolicyKind kind = PolicyKind::breaker;
  Mode mode = Mode::shadow;
  SignalName signal;
  Comparison comparison = Comparison::above;
  double level = 0;         ///< of a cusum its `ref`
  bool decides = true;      ///< it opens the policy by itself: no `all` of several conditions
  double prior_weight = 0;  ///< of a cusum: transactions a sample; 0: the plain value is compared
  double prior_ratio = 0;
  std::string policy_hash;
  friend bool operator==(const Threshold&, const Threshold&) = default;
};

/// Of every policy that is not off, in order of policy and condition; only what one look can judge:
/// no `trend`, no `absent_for`, nothing of zones.
std::vector<Threshold> thresholds_of(const PolicySet& policies);

/// What homeostat.register_thresholds() takes.
nlohmann::json thresholds_json(const std::vector<Threshold>& thresholds);

}  // namespace homeostat
