// SPDX-License-Identifier: Apache-2.0
// Invariant 8: what must not happen at the same time does not.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "controller/simulator/findings.hpp"
#include "controller/simulator/levers_in_force.hpp"
#include "policies/engine/decide.hpp"

namespace homeostat {

/// Follows a run: a move that starts while a lock breaker is open, a breaker that an imbalance
/// opens or climbs while shards are moved, and a lever that settles last and is set while they are,
/// or given back or changed while they are or a breaker is open.
class InterlockWatch {
 public:
  /// `policies` stays the caller's and must outlive this.
  explicit InterlockWatch(const PolicySet& policies) : policies_(policies) {}

  /// One step: what was decided, and the levers that are to stand after it.
  void see(const Snapshot& snapshot, const Decision& decision, const LeversInForce& commanded);

  const std::vector<InvariantFinding>& findings() const { return findings_; }

 private:
  void see_jobs(const Decision& decision);
  void see_breakers(const Decision& decision);
  void see_levers(const LeversInForce& commanded, bool held, bool moving);
  void fail(const std::string& policy, std::string text);

  const PolicySet& policies_;
  std::set<std::string> open_;  ///< lock breakers, at the step before
  LeversInForce settled_;       ///< levers that settle last, as they were commanded then
  std::vector<InvariantFinding> findings_;
};

}  // namespace homeostat
