// SPDX-License-Identifier: Apache-2.0
// The pure core: what the levers should stand at, given what is known.
#pragma once

#include <vector>

#include "policies/engine/state.hpp"
#include "policies/model/lever.hpp"
#include "policies/model/policy.hpp"
#include "policies/model/snapshot.hpp"
#include "policies/model/verdict.hpp"

namespace homeostat {

struct Decision {
  /// Every lever that a policy that *acts* (enforced, or on its share in canary) wants away from
  /// its baseline, in order of key, one a key (the strictest admission wins, else the highest
  /// priority). Complete at every step: policies that were not due repeat what they wanted.
  std::vector<DesiredLever> desired;
  /// The same for those that only watch: what they would do.
  std::vector<DesiredLever> would;
  /// What acting policies wanted of a lever that another one got, and why.
  std::vector<Overruled> overruled;
  /// One for each policy and subject evaluated at this step; none for those not due.
  std::vector<Verdict> verdicts;
  /// Effects that came due at this step.
  std::vector<Effect> effects;
  /// Every alert that is active now, complete at every step.
  std::vector<ActiveAlert> alerts;
  EngineState state;
};

/// Pure: equal arguments, equal Decision. Reads no clock and does no I/O. REQUIRES: `now` never
/// decreases from one call to the next with the state moved through.
[[nodiscard]] Decision decide(const PolicySet& set, const Snapshot& snapshot, EngineState state,
                              TimePoint now);

}  // namespace homeostat
