// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/decide.hpp"

#include <algorithm>
#include <utility>

#include "policies/engine/alert.hpp"
#include "policies/engine/arbiter.hpp"
#include "policies/engine/breaker.hpp"
#include "policies/engine/budgets.hpp"
#include "policies/engine/canary.hpp"
#include "policies/engine/canary_share.hpp"
#include "policies/engine/condition.hpp"
#include "policies/engine/effects.hpp"
#include "policies/engine/escalation.hpp"
#include "policies/engine/folds.hpp"
#include "policies/engine/guards.hpp"
#include "policies/engine/interlocks.hpp"
#include "policies/engine/job.hpp"
#include "policies/engine/job_bytes.hpp"
#include "policies/engine/regulator.hpp"

namespace homeostat {
namespace {

/// A policy about a subject, at this step.
struct Slot {
  const Policy& policy;
  PolicyRuntime& runtime;
  bool due = false;
};

/// `off` means off. What makes a policy a regulator or a job must be there.
bool evaluated(const Policy& policy) {
  if (policy.mode == Mode::off) return false;
  if (policy.kind == PolicyKind::job) return policy.job.has_value() && !policy.ladder.empty();
  return policy.kind != PolicyKind::regulator || policy.regulator.has_value();
}

/// What shadow had opened in its mind must not turn into levers at a stroke when it may act.
bool gained_power(const PolicyRuntime& runtime, const Policy& policy, double share) {
  if (share <= 0 || runtime.share > 0) return false;
  return policy.kind == PolicyKind::regulator || policy.kind == PolicyKind::job ||
         (policy.kind == PolicyKind::breaker && runtime.memory.state != BreakerState::closed);
}

PolicyRuntime& runtime_of(EngineState& state, const Policy& policy, const Subject& subject,
                          double share) {
  const auto [at, added] = state.policies.try_emplace({policy.name, subject});
  PolicyRuntime& runtime = at->second;
  const bool changed = !added && runtime.memory.policy_hash != policy.hash;
  if (added || changed || gained_power(runtime, policy, share)) {
    runtime = fresh_runtime(policy, subject);
  }
  runtime.mode = policy.mode;
  runtime.share = share;
  runtime.arms.resize(policy.open.arms.size());
  return runtime;
}

/// Due each `every`, in absolute time, and with each fold that has ended while there is something
/// to follow. A step that comes half a sampling interval early still counts as on time.
bool falls_due(PolicyRuntime& runtime, const Policy& policy, const EngineSettings& settings,
               TimePoint now) {
  const auto fold = fold_number(now, settings.fold);
  const bool fold_ended = fold > runtime.seen_fold;
  runtime.seen_fold = fold;
  if (!runtime.next_due) runtime.next_due = now;
  const auto lateness = now + settings.sample_every / 2 - *runtime.next_due;
  if (lateness >= Duration{}) {
    const auto periods = policy.every > Duration{} ? lateness / policy.every + 1 : 0;
    *runtime.next_due += periods * policy.every;
    return true;
  }
  // A job that waits for days to be resumed has nothing to follow.
  const auto state = runtime.memory.state;
  const bool waits = policy.kind == PolicyKind::job && state == BreakerState::half_open;
  return fold_ended && (armed(runtime) || (state != BreakerState::closed && !waits));
}

std::vector<Slot> observe_all(const PolicySet& set, const Snapshot& snapshot, EngineState& state,
                              TimePoint now) {
  std::vector<Slot> slots;
  for (const auto& policy : set.policies) {
    if (!evaluated(policy)) {
      std::erase_if(state.policies,
                    [&](const auto& entry) { return entry.first.first == policy.name; });
      continue;
    }
    const Share share(policy, state);
    for (const auto& subject : policy.subjects) {
      PolicyRuntime& runtime = runtime_of(state, policy, subject, share.of(subject));
      observe(set, snapshot, state, policy, runtime, now);
      slots.push_back({policy, runtime, falls_due(runtime, policy, set.settings, now)});
    }
  }
  return slots;
}

/// Unknown by arms that could make others wait (see `blocked_while`).
bool is_blind(const Evaluation& evaluation) {
  if (evaluation.condition != Truth::unknown) return false;
  for (std::size_t index = 0; index < evaluation.arms.size(); ++index) {
    const bool unknown = evaluation.arms[index].truth == Truth::unknown;
    if (unknown && !evaluation.policy.open.arms[index].max_rung) return true;
  }
  return false;
}

void finish_verdict(Evaluation& evaluation, ForwardBar bar) {
  const auto& policy = evaluation.policy;
  const auto& memory = evaluation.runtime.memory;
  auto& verdict = evaluation.verdict;
  verdict.policy = policy.name;
  verdict.subject = memory.subject;
  verdict.kind = policy.kind;
  verdict.mode = policy.mode;
  verdict.share = evaluation.runtime.share;
  verdict.at = evaluation.now;
  verdict.state = memory.state;
  verdict.rung = memory.rung;
  verdict.rungs = static_cast<int>(policy.ladder.size());
  if (memory.rung > 0 && memory.restore_step > 0) {
    const auto& left = policy.ladder[static_cast<std::size_t>(memory.rung - 1)];
    const auto engaged = admission_of(left.value);
    verdict.admitted = admitted_share(policy, engaged.value_or(0), memory.restore_step);
  }
  verdict.hold = memory.hold;
  verdict.trips = memory.trips;
  verdict.bar = bar;
}

Verdict evaluate(const PolicySet& set, const Snapshot& snapshot, EngineState& state,
                 const Slot& slot, const Survey& survey, TimePoint now) {
  Evaluation evaluation{set, slot.policy, slot.runtime, now, rebalance_runs(set, snapshot, state)};
  look(evaluation, snapshot);
  ForwardBar bar = bar_for(snapshot, slot.policy.name);
  const bool braked = state.braked && slot.runtime.share > 0;
  if (bar == ForwardBar::none && braked) bar = ForwardBar::storm_brake;
  if (slot.policy.kind == PolicyKind::job) {
    follow_bytes(state, set.settings, slot.policy, slot.runtime, snapshot, now);
  }
  const Guards guards{state, bar, survey, snapshot.sessions_ended};
  auto& step = evaluation.verdict.step;
  if (slot.policy.kind == PolicyKind::alert) {
    step = step_alert(evaluation);
  } else if (slot.policy.kind == PolicyKind::regulator) {
    step = step_regulator(evaluation, snapshot, guards);
  } else if (slot.policy.kind == PolicyKind::job) {
    step = step_job(evaluation, snapshot, guards);
  } else {
    step = step_breaker(evaluation, guards);
    follow_trial(evaluation, state);
  }
  slot.runtime.blind = is_blind(evaluation);
  follow_alert(evaluation);
  if (is_forward(evaluation.verdict.step)) {
    count_forward_act(state, slot.policy, slot.runtime.share > 0, now);
    // What is resumed was promised when it was started.
    if (evaluation.verdict.step != Step::resumed) {
      promise_effect(set, snapshot, state, slot.policy, slot.runtime, evaluation.verdict.took, now);
    }
  }
  finish_verdict(evaluation, guards.bar);
  return std::move(evaluation.verdict);
}

void evaluate_due(const PolicySet& set, const Snapshot& snapshot, EngineState& state,
                  const std::vector<Slot>& slots, TimePoint now, std::vector<Verdict>& verdicts) {
  verdicts.reserve(static_cast<std::size_t>(
      std::count_if(slots.begin(), slots.end(), [](const Slot& slot) { return slot.due; })));
  const Policy* surveyed = nullptr;
  Survey counts;
  for (const auto& slot : slots) {
    if (!slot.due) continue;
    if (surveyed != &slot.policy) {
      surveyed = &slot.policy;
      const bool many = slot.policy.subjects.size() >= std::size_t{kFewestSubjectsToHold};
      counts = many ? survey(set, snapshot, state, slot.policy, now) : Survey{};
    }
    verdicts.push_back(evaluate(set, snapshot, state, slot, counts, now));
  }
}

void collect(const std::vector<Slot>& slots, Decision& decision) {
  Arbiter enforced;
  Arbiter shadowed;
  for (const auto& slot : slots) {
    auto& arbiter = slot.runtime.share > 0 ? enforced : shadowed;
    const auto& subject = slot.runtime.memory.subject;
    arbiter.add(slot.policy, slot.runtime, acted_on(slot.policy, decision.state, subject));
    if (auto alert = active_alert(slot.policy, slot.runtime)) {
      decision.alerts.push_back(std::move(*alert));
    }
  }
  decision.overruled = enforced.overruled();
  decision.desired = std::move(enforced).settled();
  decision.would = std::move(shadowed).settled();
}

}  // namespace

Decision decide(const PolicySet& set, const Snapshot& snapshot, EngineState state, TimePoint now) {
  Decision decision;
  decision.state = std::move(state);
  forget_old_acts(decision.state, set.settings, now);
  forget_old_bytes(decision.state, set.settings, now);
  follow_brake(decision.state, snapshot, set.settings, now);
  advance_canaries(set, snapshot, decision.state, now);
  pool_samples(decision.state, set, snapshot, now);
  const auto slots = observe_all(set, snapshot, decision.state, now);
  for (const auto& slot : slots) {
    judge_effects(set, snapshot, decision.state, slot.policy, slot.runtime, now, decision.effects);
  }
  evaluate_due(set, snapshot, decision.state, slots, now, decision.verdicts);
  collect(slots, decision);
  return decision;
}

}  // namespace homeostat
