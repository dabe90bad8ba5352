// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/arbiter.hpp"

#include <utility>

#include "policies/engine/bench.hpp"
#include "policies/engine/breaker.hpp"
#include "policies/engine/job_trigger.hpp"
#include "policies/engine/regulator.hpp"

namespace homeostat {
namespace {

using Claim = Arbiter::Claim;

Precedence precedence(const Claim& one, const Claim& other) {
  const auto admits = admission_of(one.desired.value);
  const auto other_admits = admission_of(other.desired.value);
  if (admits && other_admits && *admits != *other_admits) return Precedence::admits_less;
  return one.priority != other.priority ? Precedence::priority : Precedence::name;
}

bool outranks(const Claim& claim, const Claim& other) {
  const auto why = precedence(claim, other);
  if (why == Precedence::admits_less) {
    return *admission_of(claim.desired.value) < *admission_of(other.desired.value);
  }
  if (claim.desired.policy == other.desired.policy) {
    return !admission_of(claim.desired.value) && claim.desired.rung > other.desired.rung;
  }
  if (why == Precedence::priority) return claim.priority > other.priority;
  return claim.desired.policy < other.desired.policy;
}

}  // namespace

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
    if (memory.job) fill_in_trigger(*memory.job, desired.value);
    if (const auto admits = admission_of(act.value); admits && coming_back) {
      desired.value.arguments["admit"] = admitted_share(policy, *admits, memory.restore_step);
    }
    const bool on_a_share = runtime.share > 0 && runtime.share < 1;
    if (const auto admits = admission_of(desired.value); admits && on_a_share) {
      desired.value.arguments["admit"] = 1 - runtime.share * (1 - *admits);
      desired.share = runtime.share;
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
  auto& claims = claims_[wanted.desired.key];
  const bool first = !claims.empty() && outranks(wanted, claims.front());
  claims.insert(first ? claims.begin() : claims.end(), std::move(wanted));
}

std::vector<DesiredLever> Arbiter::settled() && {
  std::vector<DesiredLever> levers;
  levers.reserve(claims_.size());
  for (auto& [key, claims] : claims_) levers.push_back(std::move(claims.front().desired));
  return levers;
}

std::vector<Overruled> Arbiter::overruled() const {
  std::vector<Overruled> losers;
  for (const auto& [key, claims] : claims_) {
    const Claim& winner = claims.front();
    for (const auto& claim : claims) {
      if (claim.desired.policy == winner.desired.policy) continue;  // its own ladder
      losers.push_back({key.lever, key.target, claim.desired.policy, claim.desired.subject,
                        claim.desired.rung, winner.desired.policy, precedence(winner, claim)});
    }
  }
  return losers;
}

}  // namespace homeostat
