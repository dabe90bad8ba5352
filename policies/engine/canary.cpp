// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/canary.hpp"

#include <algorithm>

#include "policies/engine/canary_share.hpp"
#include "policies/engine/condition.hpp"
#include "policies/engine/reading.hpp"

namespace homeostat {
namespace {

CanaryMemory begun(const Policy& policy, TimePoint now) {
  CanaryMemory memory;
  memory.policy_hash = policy.hash;
  memory.since = now;
  return memory;
}

void go_to(CanaryMemory& memory, int step, TimePoint now) {
  const auto hash = memory.policy_hash;
  memory = CanaryMemory{};
  memory.policy_hash = hash;
  memory.step = step;
  memory.since = now;
}

/// What was counted stays: it says why. What has no share has no step to go back to.
void demote(const Policy& policy, CanaryMemory& memory, TimePoint now) {
  if (memory.step > 0 && can_canary(policy)) {
    go_to(memory, memory.step - 1, now);
    return;
  }
  memory.demoted = true;
  memory.since = now;
}

int judged(const CanaryMemory& memory) { return memory.passed + memory.failed + memory.harmful; }

bool too_many_failed(const CanaryRule& rule, const CanaryMemory& memory) {
  return memory.failed > rule.most_failed * judged(memory);
}

bool acts_on_all(const Policy& policy, const CanaryMemory& memory) {
  return memory.step >= static_cast<int>(policy.canary.steps.size());
}

void judge(const Policy& policy, CanaryMemory& memory, TimePoint now) {
  const CanaryRule& rule = policy.canary;
  if (memory.demoted) return;
  // Once it acts on everything, the benches of its rungs see to what does not help.
  const bool failed = !acts_on_all(policy, memory) && judged(memory) >= rule.min_acts &&
                      too_many_failed(rule, memory);
  if (memory.harmful > 0 || failed) demote(policy, memory, now);
}

bool has_proved_itself(const Policy& policy, const CanaryMemory& memory, TimePoint now) {
  if (memory.demoted || acts_on_all(policy, memory)) return false;
  const auto& step = policy.canary.steps[static_cast<std::size_t>(memory.step)];
  return now - memory.since >= step.hold_for && judged(memory) >= policy.canary.min_acts &&
         !too_many_failed(policy.canary, memory);
}

template <class Predicate>
bool any_subject(const EngineState& state, const Policy& policy, Predicate predicate) {
  auto at = state.policies.lower_bound({policy.name, Subject{}});
  for (; at != state.policies.end() && at->first.first == policy.name; ++at) {
    if (predicate(at->second)) return true;
  }
  return false;
}

bool stands_open(const EngineState& state, const Policy& policy) {
  return any_subject(state, policy, [](const PolicyRuntime& runtime) {
    return runtime.share > 0 && runtime.memory.state != BreakerState::closed;
  });
}

/// This very text was enforced before.
bool was_enforced(const EngineState& state, const Policy& policy) {
  return any_subject(state, policy, [&](const PolicyRuntime& runtime) {
    return runtime.mode == Mode::enforce && runtime.memory.policy_hash == policy.hash;
  });
}

bool acknowledged(const Snapshot& snapshot, const Policy& policy, TimePoint since) {
  const auto scope = policy_scope(policy.name);
  return std::any_of(snapshot.acks.begin(), snapshot.acks.end(), [&](const Acknowledgement& ack) {
    return ack.scope == scope && ack.at > since;
  });
}

/// Enforced, and to prove itself first where its text is new.
bool on_probation(const PolicySet& set, const Policy& policy) {
  return policy.mode == Mode::enforce && policy.kind == PolicyKind::breaker &&
         set.settings.changed_policies != ChangedPolicies::keep;
}

/// What a policy without a memory of its own begins with; nothing: it is no canary.
std::optional<CanaryMemory> beginning(const PolicySet& set, const EngineState& state,
                                      const Policy& policy, TimePoint now) {
  const bool is_new = on_probation(set, policy) && !was_enforced(state, policy);
  if (policy.mode != Mode::canary && !is_new) return std::nullopt;
  const bool waits = is_new && set.settings.changed_policies == ChangedPolicies::shadow;
  auto memory = begun(policy, now);
  memory.demoted = !can_canary(policy) || waits;
  return memory;
}

/// After an acknowledgement: an enforced policy that waited for nothing else, or that cannot be
/// tried on a share, acts on everything.
void begin_anew(const PolicySet& set, const Policy& policy, CanaryMemory& memory, TimePoint now) {
  const bool only_waited = set.settings.changed_policies == ChangedPolicies::shadow;
  memory = begun(policy, now);
  if (!can_canary(policy) && policy.mode != Mode::enforce) {
    memory.demoted = true;
  } else if (policy.mode == Mode::enforce && (only_waited || !can_canary(policy))) {
    memory.step = static_cast<int>(policy.canary.steps.size());
  }
}

}  // namespace

void advance_canaries(const PolicySet& set, const Snapshot& snapshot, EngineState& state,
                      TimePoint now) {
  for (const auto& policy : set.policies) {
    const auto at = state.canaries.find(policy.name);
    const bool known = at != state.canaries.end() && at->second.policy_hash == policy.hash;
    if (!known) {
      if (at != state.canaries.end()) state.canaries.erase(at);
      if (auto memory = beginning(set, state, policy, now)) {
        state.canaries.emplace(policy.name, std::move(*memory));
      }
      continue;
    }
    CanaryMemory& memory = at->second;
    if (policy.mode != Mode::canary && !on_probation(set, policy)) {
      state.canaries.erase(at);
    } else if (memory.demoted && acknowledged(snapshot, policy, memory.since)) {
      begin_anew(set, policy, memory, now);
    } else if (has_proved_itself(policy, memory, now) && !stands_open(state, policy)) {
      go_to(memory, memory.step + 1, now);
    }
  }
}

void follow_trial(Evaluation& evaluation, EngineState& state) {
  auto& runtime = evaluation.runtime;
  const Policy& policy = evaluation.policy;
  const auto canary = state.canaries.find(policy.name);
  const bool on_trial = runtime.share > 0 && runtime.share < 1 && canary != state.canaries.end();
  if (!on_trial) {
    runtime.trial.reset();
    return;
  }
  const TimePoint now = evaluation.now;
  if (auto& trial = runtime.trial) {
    const Duration since = now - trial->looked;
    trial->looked = now;
    if (tripped_arm_unknown(evaluation)) {
      trial->unknown += since;
    } else if (!tripped_arms_clear(evaluation)) {
      trial->beyond += since;
    }
    const Duration whole = policy.hold.first;
    if (now - trial->opened >= whole) {
      if (to_seconds(trial->unknown) <= kMostUnknown * to_seconds(whole)) {
        const bool needed = to_seconds(trial->beyond) >= kNeeded * to_seconds(whole);
        ++(needed ? canary->second.passed : canary->second.failed);
        judge(policy, canary->second, now);
      }
      trial.reset();
    }
  }
  const Step step = evaluation.verdict.step;
  if (step == Step::opened || step == Step::reopened) runtime.trial = Trial{now, now, {}, {}};
}

void count_effect(EngineState& state, const Policy& policy, const Effect& effect, TimePoint now) {
  const auto canary = state.canaries.find(policy.name);
  if (canary == state.canaries.end()) return;
  CanaryMemory& memory = canary->second;
  if (effect.outcome == EffectOutcome::effective) ++memory.passed;
  if (effect.outcome == EffectOutcome::ineffective) ++memory.failed;
  if (effect.outcome == EffectOutcome::harmful) ++memory.harmful;
  judge(policy, memory, now);
}

std::optional<double> control_group(const PolicySet& set, const Snapshot& snapshot,
                                    const EngineState& state, const Policy& policy, TimePoint now) {
  if (!policy.expect || shares_keys(policy) || !state.canaries.contains(policy.name)) {
    return std::nullopt;
  }
  double sum = 0;
  int members = 0;
  auto at = state.policies.lower_bound({policy.name, Subject{}});
  for (; at != state.policies.end() && at->first.first == policy.name; ++at) {
    const PolicyRuntime& runtime = at->second;
    if (runtime.share > 0 || runtime.memory.state == BreakerState::closed) continue;
    const auto value = value_of(read_signal(set, snapshot, policy.expect->signal,
                                            runtime.memory.subject, Aggregate::automatic, now));
    if (!value) continue;
    sum += *value;
    ++members;
  }
  return members > 0 ? std::optional(sum / members) : std::nullopt;
}

}  // namespace homeostat
