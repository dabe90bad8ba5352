// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/condition.hpp"

#include <algorithm>
#include <utility>

#include "policies/engine/arm.hpp"
#include "policies/engine/arm_gates.hpp"

namespace homeostat {
namespace {

Truth together(Combination combination, const std::vector<ArmView>& arms) {
  const auto says = [](Truth truth) {
    return [truth](const ArmView& view) { return view.truth == truth; };
  };
  const bool some_yes = std::any_of(arms.begin(), arms.end(), says(Truth::yes));
  const bool some_no = std::any_of(arms.begin(), arms.end(), says(Truth::no));
  const bool some_unknown = std::any_of(arms.begin(), arms.end(), says(Truth::unknown));
  if (combination == Combination::any) {
    if (some_yes) return Truth::yes;
    return some_unknown ? Truth::unknown : Truth::no;
  }
  if (some_no || arms.empty()) return Truth::no;
  return some_unknown ? Truth::unknown : Truth::yes;
}

/// A job's condition is that one of its two holds.
Truth whole(const Policy& policy, const std::vector<ArmView>& arms) {
  if (!policy.job) return together(policy.open.combination, arms);
  const auto when = job_condition(policy, arms, false).value_or(Truth::no);
  const auto early = job_condition(policy, arms, true).value_or(Truth::no);
  if (when == Truth::yes || early == Truth::yes) return Truth::yes;
  return when == Truth::unknown || early == Truth::unknown ? Truth::unknown : Truth::no;
}

}  // namespace

std::optional<Truth> job_condition(const Policy& policy, const std::vector<ArmView>& arms,
                                   bool early) {
  std::vector<ArmView> its_own;
  for (std::size_t index = 0; index < arms.size(); ++index) {
    if (policy.open.arms[index].early == early) its_own.push_back(arms[index]);
  }
  if (its_own.empty()) return std::nullopt;
  const bool all = early && policy.job->early_needs_all;
  const auto of_early = all ? Combination::all : Combination::any;
  return together(early ? of_early : policy.open.combination, its_own);
}

void observe(const PolicySet& set, const Snapshot& snapshot, const EngineState& state,
             const Policy& policy, PolicyRuntime& runtime, TimePoint now) {
  for (std::size_t index = 0; index < policy.open.arms.size(); ++index) {
    observe_arm(set, snapshot, state, policy.open.arms[index], runtime.memory, runtime.arms[index],
                now);
  }
}

bool armed(const PolicyRuntime& runtime) {
  const auto begun = [](const ArmMemory& arm) {
    return arm.cusum > 0 || arm.breached_evaluations > 0 || arm.absent_since;
  };
  return std::any_of(runtime.arms.begin(), runtime.arms.end(), begun);
}

void look(Evaluation& evaluation, const Snapshot& snapshot) {
  const auto arms = static_cast<int>(evaluation.policy.open.arms.size());
  for (int index = 0; index < arms; ++index) look_at_arm(evaluation, snapshot, index);
  evaluation.condition = whole(evaluation.policy, evaluation.arms);
}

bool arms_clear(Evaluation& evaluation, std::optional<Duration> at_least) {
  bool all = true;
  for (std::size_t index = 0; index < evaluation.arms.size(); ++index) {
    const ArmMemory& memory = evaluation.runtime.arms[index];
    if (!memory.involved || memory.exhausted) continue;
    const auto required = at_least.value_or(evaluation.policy.open.arms[index].clear_for);
    const auto arm = static_cast<int>(index);
    add_clear_gate(evaluation, arm);
    const bool long_enough =
        add_time_gate(evaluation, GateKind::clear_for, arm, memory.clear_time, required);
    all = all && evaluation.arms[index].clear && long_enough;
  }
  return all;
}

bool tripped_arms_clear(const Evaluation& evaluation) {
  for (std::size_t index = 0; index < evaluation.arms.size(); ++index) {
    const ArmMemory& memory = evaluation.runtime.arms[index];
    if (memory.involved && !memory.exhausted && !evaluation.arms[index].clear) return false;
  }
  return true;
}

bool tripped_arm_unknown(const Evaluation& evaluation) {
  for (std::size_t index = 0; index < evaluation.arms.size(); ++index) {
    const bool tripped = evaluation.runtime.arms[index].involved;
    if (tripped && evaluation.arms[index].truth == Truth::unknown) return true;
  }
  return false;
}

bool still_beyond(Evaluation& evaluation) {
  auto arms = evaluation.arms;
  for (std::size_t index = 0; index < arms.size(); ++index) {
    if (arms[index].truth != Truth::yes) continue;
    add_climb_gate(evaluation, static_cast<int>(index));
    const bool beyond = beyond_threshold(evaluation.policy.open.arms[index], arms[index]);
    if (!beyond) arms[index].truth = Truth::no;
  }
  return together(evaluation.policy.open.combination, arms) == Truth::yes;
}

int rung_limit(const Evaluation& evaluation) {
  const auto rungs = static_cast<int>(evaluation.policy.ladder.size());
  const bool climbs = evaluation.runtime.memory.state == BreakerState::open;
  int limit = 0;
  for (std::size_t index = 0; index < evaluation.arms.size(); ++index) {
    const Arm& arm = evaluation.policy.open.arms[index];
    const ArmView& view = evaluation.arms[index];
    if (view.truth != Truth::yes || (climbs && !beyond_threshold(arm, view))) continue;
    limit = std::max(limit, arm.max_rung.value_or(rungs));
  }
  return std::min(limit, rungs);
}

Survey survey(const PolicySet& set, const Snapshot& snapshot, const EngineState& state,
              const Policy& policy, TimePoint now) {
  Survey result;
  for (const auto& subject : policy.subjects) {
    const auto at = state.policies.find({policy.name, subject});
    if (at == state.policies.end()) continue;
    ++result.subjects;
    std::vector<ArmView> truths;
    std::vector<ArmView> breaches;
    for (std::size_t index = 0; index < policy.open.arms.size(); ++index) {
      const Arm& arm = policy.open.arms[index];
      const ArmMemory& memory = at->second.arms[index];
      truths.push_back(view_arm(set, snapshot, arm, at->second.memory, memory, now));
      ArmView view = truths.back();
      const bool beyond = !memory.exhausted && beyond_threshold(arm, view);
      if (view.truth != Truth::unknown) view.truth = beyond ? Truth::yes : Truth::no;
      breaches.push_back(std::move(view));
    }
    if (whole(policy, truths) != Truth::unknown) ++result.known;
    if (whole(policy, breaches) == Truth::yes) ++result.breached;
  }
  return result;
}

}  // namespace homeostat
