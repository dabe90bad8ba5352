// SPDX-License-Identifier: Apache-2.0
// On which share of what it acts on a policy acts.
//
// Of the *keys*, where every rung admits a share of them (`feature`): a canary of 1 % sheds one key
// in a hundred, always and everywhere the same ones. Otherwise of the *subjects*: those whose hash
// comes first, at least one and never all. What is left alone is the control group.
#pragma once

#include <cstdint>
#include <optional>

#include "policies/engine/state.hpp"
#include "policies/model/policy.hpp"

namespace homeostat {

/// Every rung of the policy admits a share of keys.
bool shares_keys(const Policy& policy);

/// There is something to take a share of, and something to judge by: a breaker that shares keys, or
/// one of several subjects with an effect contract.
bool can_canary(const Policy& policy);

/// What a policy in canary acts on: 0 when demoted, 1 after its last step.
double canary_share(const Policy& policy, const CanaryMemory& memory);

/// Whether anything of the policy is acted on now, and not only in its mind.
bool acts_at_all(const Policy& policy, const EngineState& state);

/// Of one policy at one step. Points into nothing.
class Share {
 public:
  Share(const Policy& policy, const EngineState& state);

  /// 1 enforced, 0 in shadow; in canary the share of its keys, or all or nothing of a subject.
  double of(const Subject& subject) const;

 private:
  double share_ = 0;
  std::optional<std::uint64_t> last_;  ///< the highest hash of a subject that takes part
};

}  // namespace homeostat
