// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/arbiter.hpp"

#include <utility>

#include "policies/engine/bench.hpp"
#include "policies/engine/breaker.hpp"
#include "policies/engine/regulator.hpp"

namespace homeostat {

bool Arbiter::outranks(const Claim& claim, const Claim& other) {
  const auto admits = admission_of(claim.desired.value);
  const auto other_admits = admission_of(other.desired.value);
  if (admits && other_admits && *admits != *other_admits) return *admits < *other_admits;
  if (claim.desired.policy == other.desired.policy) {
    return !admits && claim.desired.rung > other.desired.rung;
  }
  if (claim.priority != other.priority) return claim.priority > other.priority;
  return claim.desired.policy < other.desired.policy;
}

void Arbiter::add(const Policy& policy, const PolicyRuntime& runtime, const Subject& acted_on) {
  const auto& memory = runtime.memory;
  const bool coming_back = memory.restore_step > 0;
  if (policy.kind == PolicyKind::regulator && runtime.regulated.value) {
    claim({regulated_lever(policy, runtime), policy.priority});
  }
  for (int rung = 1; rung <= memory.rung; ++rung) {
    if (!engaged(memory, rung)) continue;
    const auto at = static_cast<std::size_t>(rung - 1);
    const Act& act = policy.ladder[at];
    Claim wanted;
    auto& desired = wanted.desired;
    desired.key = lever_of(policy, acted_on, rung);
    desired.value = act.value;
    if (const auto admits = admission_of(act.value); admits && coming_back) {
      desired.value.arguments["admit"] = admitted_share(policy, *admits, memory.restore_step);
    }
    desired.ttl = act.ttl;
    desired.policy = policy.name;
    // One node is taken by several zones: whose claim it is must not change as they come and go.
    desired.subject = act.target.empty() ? acted_on : memory.subject;
    desired.rung = rung;
    desired.policy_hash = policy.hash;
    if (at < runtime.reasons.size()) desired.reason = runtime.reasons[at];
    wanted.priority = policy.priority;
    claim(std::move(wanted));
  }
}

void Arbiter::claim(Claim wanted) {
  const auto known = claims_.find(wanted.desired.key);
  if (known == claims_.end()) {
    const auto key = wanted.desired.key;
    claims_.emplace(key, std::move(wanted));
  } else if (outranks(wanted, known->second)) {
    known->second = std::move(wanted);
  }
}

std::vector<DesiredLever> Arbiter::settled() && {
  std::vector<DesiredLever> levers;
  levers.reserve(claims_.size());
  for (auto& [key, claim] : claims_) levers.push_back(std::move(claim.desired));
  return levers;
}

}  // namespace homeostat
