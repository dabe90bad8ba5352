// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/bench.hpp"

#include <algorithm>
#include <cmath>

namespace homeostat {
namespace {

const BenchedRung* find_benched(const PolicyMemory& memory, int rung) {
  const auto is_it = [rung](const BenchedRung& benched) { return benched.rung == rung; };
  const auto at = std::find_if(memory.benched.begin(), memory.benched.end(), is_it);
  return at == memory.benched.end() ? nullptr : &*at;
}

BenchedRung& benched_at(PolicyMemory& memory, int rung) {
  const auto not_before = [rung](const BenchedRung& benched) { return benched.rung >= rung; };
  const auto at = std::find_if(memory.benched.begin(), memory.benched.end(), not_before);
  if (at != memory.benched.end() && at->rung == rung) return *at;
  BenchedRung fresh;
  fresh.rung = rung;
  return *memory.benched.insert(at, fresh);
}

bool passed_over(Evaluation& evaluation, int rung) {
  const auto left = bench_left(evaluation.runtime.memory, rung, evaluation.now);
  if (left <= Duration{}) return false;
  const double seconds = to_seconds(left);
  add_gate(evaluation.verdict, GateKind::benched, -1, seconds, 0, -seconds);
  evaluation.verdict.gates.back().rung = rung;
  return true;
}

/// The highest one engaged may have been left out by now: the next one below that is not.
void settle(PolicyMemory& memory) {
  const int before = memory.rung;
  while (memory.rung > 0 && !engaged(memory, memory.rung)) --memory.rung;
  if (memory.rung != before) memory.restore_step = 0;
  for (auto& benched : memory.benched) {
    if (benched.rung > memory.rung) benched.skipped = false;
  }
}

Duration length_of(const BenchRule& rule, int tries) {
  if (tries >= rule.tries) return rule.max;
  const double seconds = to_seconds(rule.first) * std::pow(rule.factor, tries - 1);
  return std::min(from_seconds(seconds), rule.max);
}

}  // namespace

bool engaged(const PolicyMemory& memory, int rung) {
  if (rung < 1 || rung > memory.rung) return false;
  const auto* benched = find_benched(memory, rung);
  return benched == nullptr || !benched->skipped;
}

bool last_left(const PolicyMemory& memory) {
  for (int rung = 1; rung < memory.rung; ++rung) {
    if (engaged(memory, rung)) return false;
  }
  return memory.rung > 0;
}

LeverKey lever_of(const Policy& policy, const Subject& subject, int rung) {
  const Act& act = policy.ladder[static_cast<std::size_t>(rung - 1)];
  return {act.lever, act.target.empty() ? to_text(subject) : act.target};
}

Duration bench_left(const PolicyMemory& memory, int rung, TimePoint now) {
  const auto* benched = find_benched(memory, rung);
  if (benched == nullptr) return Duration{};
  return std::max(Duration{}, benched->since + benched->length - now);
}

int next_rung(Evaluation& evaluation) {
  const auto& memory = evaluation.runtime.memory;
  const auto rungs = static_cast<int>(evaluation.policy.ladder.size());
  for (int rung = memory.rung + 1; rung <= rungs; ++rung) {
    if (!passed_over(evaluation, rung)) return rung;
  }
  for (int rung = 1; rung < memory.rung; ++rung) {
    if (!engaged(memory, rung) && !passed_over(evaluation, rung)) return rung;
  }
  return rungs + 1;
}

void engage(PolicyMemory& memory, int rung) {
  for (auto& benched : memory.benched) {
    if (benched.rung == rung) benched.skipped = false;
    if (benched.rung > memory.rung && benched.rung < rung) benched.skipped = true;
  }
  memory.rung = std::max(memory.rung, rung);
}

void disengage_highest(PolicyMemory& memory) {
  --memory.rung;
  settle(memory);
}

void disengage_all(PolicyMemory& memory) {
  memory.rung = 0;
  memory.restore_step = 0;
  settle(memory);
}

std::vector<BenchedNow> benched_now(const PolicySet& set, const EngineState& state, TimePoint now) {
  std::vector<BenchedNow> found;
  for (const auto& [key, runtime] : state.policies) {
    const auto& memory = runtime.memory;
    if (memory.benched.empty() || runtime.share <= 0) continue;
    const auto is_its = [&memory](const Policy& policy) { return policy.name == memory.policy; };
    const auto policy = std::find_if(set.policies.begin(), set.policies.end(), is_its);
    if (policy == set.policies.end()) continue;
    for (const auto& benched : memory.benched) {
      const auto left = bench_left(memory, benched.rung, now);
      if (left > Duration{}) found.push_back({*policy, memory, benched, left});
    }
  }
  return found;
}

std::set<LeverKey> harmful_levers(const PolicySet& set, const EngineState& state, TimePoint now) {
  std::set<LeverKey> keys;
  for (const auto& [policy, memory, benched, left] : benched_now(set, state, now)) {
    if (!benched.harmful || engaged(memory, benched.rung)) continue;
    keys.insert(lever_of(policy, memory.subject, benched.rung));
  }
  return keys;
}

void follow_outcome(const Policy& policy, PolicyMemory& memory, int rung, EffectOutcome outcome,
                    TimePoint now) {
  const BenchRule& rule = policy.bench;
  if (outcome == EffectOutcome::effective) {
    std::erase_if(memory.benched, [rung](const BenchedRung& one) { return one.rung == rung; });
    return;
  }
  if (outcome == EffectOutcome::harmful) {
    auto& benched = benched_at(memory, rung);
    benched.harmful = true;
    benched.skipped = true;
    benched.since = now;
    benched.length = rule.max;
    settle(memory);
    memory.changed = now;
  } else if (outcome == EffectOutcome::ineffective) {
    auto& benched = benched_at(memory, rung);
    const bool in_a_row = benched.tries > 0 && now <= benched.since + benched.length + rule.max;
    benched.tries = in_a_row ? benched.tries + 1 : 1;
    benched.harmful = false;
    benched.since = now;
    benched.length = length_of(rule, benched.tries);
  }
}

void keep_sound(const Policy& policy, PolicyMemory& memory, TimePoint now) {
  const auto rungs = static_cast<int>(policy.ladder.size());
  std::erase_if(memory.benched, [rungs](const BenchedRung& benched) {
    return benched.rung < 1 || benched.rung > rungs || benched.length < Duration{};
  });
  for (auto& benched : memory.benched) benched.since = std::min(benched.since, now);
  settle(memory);
}

}  // namespace homeostat
