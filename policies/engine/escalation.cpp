// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/escalation.hpp"

namespace homeostat {
namespace {

bool is_open(const Policy& policy, const EngineState& state, const Subject& subject) {
  const auto at = state.policies.find({policy.name, subject});
  return at != state.policies.end() && at->second.memory.state != BreakerState::closed;
}

}  // namespace

double open_share(const Policy& policy, const EngineState& state, const Subject& subject,
                  bool opening) {
  if (!policy.escalate) return 0;
  const auto& holders = policy.escalate->holders;
  const auto own = holders.find(subject);
  if (own == holders.end()) return 0;
  int held = 0;
  int open = 0;
  for (const auto& [other, holder] : holders) {
    if (holder != own->second) continue;
    ++held;
    if ((opening && other == subject) || is_open(policy, state, other)) ++open;
  }
  return static_cast<double>(open) / held;
}

Subject acted_on(const Policy& policy, const EngineState& state, const Subject& subject) {
  if (!policy.escalate) return subject;
  const auto holder = policy.escalate->holders.find(subject);
  if (holder == policy.escalate->holders.end()) return subject;
  const bool enough = open_share(policy, state, subject, false) >= policy.escalate->at;
  return enough ? holder->second : subject;
}

}  // namespace homeostat
