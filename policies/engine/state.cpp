// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/state.hpp"

#include <algorithm>

#include "policies/engine/bench.hpp"
#include "policies/engine/canary_share.hpp"
#include "policies/engine/job_gates.hpp"

namespace homeostat {
namespace {

/// The policy that a memory still belongs to, or nullptr.
const Policy* owner_of(const PolicySet& set, const PolicyMemory& memory) {
  const Policy* policy = find_policy(set, memory.policy);
  if (policy == nullptr || policy->hash != memory.policy_hash) return nullptr;
  const auto& subjects = policy->subjects;
  const bool about = std::find(subjects.begin(), subjects.end(), memory.subject) != subjects.end();
  return about ? policy : nullptr;
}

PolicyRuntime resumed_runtime(const Policy& policy, const PolicyMemory& kept, TimePoint now) {
  auto runtime = fresh_runtime(policy, kept.subject);
  auto& memory = runtime.memory;
  memory = kept;
  memory.changed = std::min(kept.changed, now);
  memory.opened = std::min(kept.opened, now);
  if (memory.job && memory.job->started) memory.job->started = std::min(*memory.job->started, now);
  if (memory.job && memory.job->ended) memory.job->ended = std::min(*memory.job->ended, now);
  if (memory.job && memory.job->approvals_from) {
    auto& from = *memory.job->approvals_from;
    from = std::min(from, now + kAgesDiffer);
  }
  memory.rung = std::clamp(kept.rung, 0, static_cast<int>(policy.ladder.size()));
  const auto steps = static_cast<int>(policy.restore.steps.size());
  keep_sound(policy, memory, now);
  memory.restore_step = last_left(memory) ? std::clamp(kept.restore_step, 0, steps) : 0;
  if (memory.hold <= Duration{}) memory.hold = policy.hold.first;
  if (memory.state == BreakerState::closed) {
    memory.rung = 0;
    if (memory.trips > 0) runtime.closed_at = memory.changed;
    return runtime;
  }
  runtime.last_climb = memory.changed;
  runtime.last_restore = now;
  runtime.alert_since = memory.opened;
  runtime.reasons.assign(static_cast<std::size_t>(memory.rung), policy.name + " resumed");
  // Which arms tripped is not kept, so all must clear: longer than needed at worst.
  for (auto& arm : runtime.arms) arm.involved = true;
  return runtime;
}

void resume_value(EngineState& state, const PolicySet& set, const RegulatedValue& kept) {
  const Policy* policy = find_policy(set, kept.policy);
  if (policy == nullptr || !policy->regulator) return;
  const auto& subjects = policy->subjects;
  if (std::find(subjects.begin(), subjects.end(), kept.subject) == subjects.end()) return;
  const auto fresh = fresh_runtime(*policy, kept.subject);
  auto& runtime = state.policies.try_emplace({kept.policy, kept.subject}, fresh).first->second;
  const Bounds& bounds = policy->regulator->bounds;
  runtime.regulated.value = std::clamp(kept.value, bounds.min, bounds.max);
  runtime.reasons.assign(1, policy->name + " resumed");
}

void recall_acts(EngineState& state, const PolicyRuntime& runtime) {
  const auto& memory = runtime.memory;
  const bool ran = runtime.kind == PolicyKind::job && memory.job && memory.job->started;
  if (!ran && (memory.trips == 0 || runtime.kind != PolicyKind::breaker)) return;
  const auto note = [&](TimePoint at) {
    state.forward_acts.push_back({memory.policy, at});
    if (runtime.share > 0) state.cluster_acts.push_back({memory.policy, at});
  };
  note(memory.opened);
  const bool climbed = memory.state == BreakerState::open && memory.changed > memory.opened;
  if (climbed && !ran) note(memory.changed);
}

/// Of what only stands in its mind: nothing to resume.
PolicyMemory closed_memory(const PolicyMemory& memory) {
  PolicyMemory closed;
  closed.policy = memory.policy;
  closed.subject = memory.subject;
  closed.policy_hash = memory.policy_hash;
  return closed;
}

/// Of a job whose lever is given back: that stops it, and what it has done is done.
PolicyMemory stopped_memory(const PolicyMemory& memory, TimePoint now) {
  auto stopped = closed_memory(memory);
  stopped.job = memory.job;
  stopped.changed = memory.changed;
  stopped.opened = memory.opened;
  if (memory.state == BreakerState::closed) return stopped;
  if (memory.state == BreakerState::open) {
    stopped.job->stop = JobStop::outside;
    stopped.changed = now;
  }
  stopped.state = BreakerState::half_open;
  return stopped;
}

void resume_canary(EngineState& state, const PolicyMemory& kept, TimePoint now) {
  if (!kept.canary) return;
  CanaryMemory memory = *kept.canary;
  memory.policy_hash = kept.policy_hash;
  memory.since = std::min(memory.since, now);
  state.canaries.emplace(kept.policy, std::move(memory));
}

/// The times of a part are read from the ledger as ages, each a little off: what is still under way
/// must be known again when more is heard of it.
MovedBytes resumed_part(const EngineState& state, MovedBytes part, TimePoint now) {
  part.at = std::min(part.at, now);
  const auto at = state.policies.find({part.policy, part.subject});
  if (at == state.policies.end()) return part;
  const auto& memory = at->second.memory;
  const bool same = std::chrono::abs(part.part - memory.opened) <= kAgesDiffer;
  if (memory.state != BreakerState::closed && same) part.part = memory.opened;
  return part;
}

void in_order_of_time(std::vector<ForwardAct>& acts) {
  std::stable_sort(acts.begin(), acts.end(),
                   [](const ForwardAct& a, const ForwardAct& b) { return a.at < b.at; });
}

}  // namespace

PolicyRuntime fresh_runtime(const Policy& policy, const Subject& subject) {
  PolicyRuntime runtime;
  runtime.memory.policy = policy.name;
  runtime.memory.subject = subject;
  runtime.memory.policy_hash = policy.hash;
  runtime.memory.hold = policy.hold.first;
  runtime.kind = policy.kind;
  runtime.mode = policy.mode;
  runtime.share = policy.mode == Mode::enforce ? 1 : 0;
  runtime.arms.resize(policy.open.arms.size());
  runtime.blind = true;  // until it has been looked at
  return runtime;
}

std::vector<PolicyMemory> memories(const EngineState& state) {
  std::vector<PolicyMemory> kept;
  for (const auto& [key, runtime] : state.policies) {
    const auto canary = state.canaries.find(key.first);
    const bool in_canary = canary != state.canaries.end();
    const bool whole = runtime.share > 0 || runtime.kind == PolicyKind::alert;
    if (!whole && !in_canary) continue;
    kept.push_back(whole ? runtime.memory : closed_memory(runtime.memory));
    if (in_canary) kept.back().canary = canary->second;
  }
  return kept;
}

std::vector<PolicyMemory> lasting_memories(const EngineState& state, TimePoint now) {
  std::vector<PolicyMemory> kept;
  for (const auto& memory : memories(state)) {
    if (!memory.canary && !memory.job) continue;
    kept.push_back(memory.job ? stopped_memory(memory, now) : closed_memory(memory));
    kept.back().canary = memory.canary;
  }
  return kept;
}

EngineState resumed(const PolicySet& set, const std::vector<PolicyMemory>& kept, TimePoint now,
                    const std::vector<ForwardAct>& acts, const std::vector<RegulatedValue>& values,
                    std::optional<TimePoint> braked, const std::vector<MovedBytes>& moved) {
  EngineState state;
  for (const auto& memory : kept) {
    const Policy* policy = owner_of(set, memory);
    if (policy == nullptr) continue;
    resume_canary(state, memory, now);
    auto runtime = resumed_runtime(*policy, memory, now);
    runtime.share = Share(*policy, state).of(memory.subject);
    if (acts.empty()) recall_acts(state, runtime);
    state.policies[{memory.policy, memory.subject}] = std::move(runtime);
  }
  for (const auto& value : values) resume_value(state, set, value);
  for (const auto& act : acts) {
    state.forward_acts.push_back({act.policy, std::min(act.at, now)});
    state.cluster_acts.push_back({act.policy, std::min(act.at, now)});
  }
  in_order_of_time(state.forward_acts);
  in_order_of_time(state.cluster_acts);
  if (braked) state.braked = std::min(*braked, now);
  for (const auto& part : moved) state.moved.push_back(resumed_part(state, part, now));
  return state;
}

EngineState carried_over(const PolicySet& set, EngineState state, TimePoint /*now*/) {
  std::erase_if(state.policies,
                [&](const auto& entry) { return !owner_of(set, entry.second.memory); });
  std::erase_if(state.canaries, [&](const auto& entry) {
    const Policy* policy = find_policy(set, entry.first);
    return policy == nullptr || policy->hash != entry.second.policy_hash;
  });
  return state;
}

}  // namespace homeostat
