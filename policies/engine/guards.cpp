// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/guards.hpp"

#include <algorithm>
#include <cmath>

#include "policies/engine/budgets.hpp"
#include "policies/engine/escalation.hpp"
#include "policies/engine/interlocks.hpp"

namespace homeostat {
namespace {

bool isolates(const PolicySet& set, const Act& act) {
  const auto at = set.levers.find(act.lever);
  return at != set.levers.end() && at->second.isolates;
}

void add_rungs(Evaluation& evaluation, int rung) {
  const double left = rung_limit(evaluation) - (rung - 1);
  add_gate(evaluation.verdict, GateKind::rungs, -1, left, 1, left - 1);
}

void add_bar(Evaluation& evaluation, ForwardBar bar) {
  const double open = bar == ForwardBar::none ? 1 : 0;
  add_gate(evaluation.verdict, GateKind::bar, -1, open, 1, open - 1);
}

void add_holding(Evaluation& evaluation, const Survey& survey, const Act& act) {
  if (survey.subjects < kFewestSubjectsToHold) return;
  // Half of them absent already holds, so more than half must be known.
  const int half = survey.subjects / 2;
  const double known = survey.known - (half + 1);
  add_gate(evaluation.verdict, GateKind::known_subjects, -1, survey.known, half + 1, known);
  if (!isolates(evaluation.set, act)) return;
  const double spare = half - survey.breached;
  add_gate(evaluation.verdict, GateKind::breached_share, -1, survey.breached, half, spare);
}

void add_open_subjects(Evaluation& evaluation, const EngineState& state) {
  const Policy& policy = evaluation.policy;
  const Subject& self = evaluation.runtime.memory.subject;
  const bool acts = evaluation.runtime.share > 0;  // in canary some act, and the others only watch
  // A stopped job only waits; what a breaker gives back in steps still stands.
  const bool job = policy.kind == PolicyKind::job;
  int open = 1;
  for (const auto& subject : policy.subjects) {
    const auto at = state.policies.find({policy.name, subject});
    if (subject == self || at == state.policies.end()) continue;
    if ((at->second.share > 0) != acts) continue;
    const auto its = at->second.memory.state;
    if (job ? its == BreakerState::open : its != BreakerState::closed) ++open;
  }
  // A hair less than the product, so that 25 % of 4 is not rounded up to 2.
  const double share = policy.limits.max_subjects * static_cast<double>(policy.subjects.size());
  const double most = std::max(1.0, std::ceil(share - 1e-9));
  add_gate(evaluation.verdict, GateKind::open_subjects, -1, open, most, most - open);
}

/// Open by arms without a max_rung: those with one ask for little and block nobody. Of a job: it
/// runs.
bool is_open(const Policy& policy, const PolicyRuntime& runtime) {
  if (policy.kind == PolicyKind::job) return runtime.memory.state == BreakerState::open;
  if (runtime.memory.state == BreakerState::closed) return false;
  for (std::size_t index = 0; index < policy.open.arms.size(); ++index) {
    if (runtime.arms[index].involved && !policy.open.arms[index].max_rung) return true;
  }
  return false;
}

/// Open, or unknown.
bool blocks(const Policy& policy, const PolicyRuntime& runtime) {
  return runtime.blind || !runtime.next_due || is_open(policy, runtime);
}

using Blocks = bool (*)(const Policy&, const PolicyRuntime&);

bool blocked_by(const PolicySet& set, const EngineState& state, const std::string& name,
                Blocks how) {
  const auto* const policy = find_policy(set, name);
  if (policy == nullptr) return false;
  auto at = state.policies.lower_bound({name, Subject{}});
  for (; at != state.policies.end() && at->first.first == name; ++at) {
    if (how(*policy, at->second)) return true;
  }
  return false;
}

bool breaker_open(const Policy& policy, const PolicyRuntime& runtime) {
  return policy.kind == PolicyKind::breaker && runtime.memory.state != BreakerState::closed;
}

/// What moves data waits for every lock breaker, named or not.
void add_blocked_while(Evaluation& evaluation, const EngineState& state, Blocks how = blocks) {
  const auto& policy = evaluation.policy;
  const auto& names = policy.blocked_while;
  const bool moves =
      policy.kind == PolicyKind::job && moves_data(evaluation.set, policy.ladder.front().lever);
  if (names.empty() && !moves) return;
  const auto any = [&](Blocks asked) {
    return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      return blocked_by(evaluation.set, state, name, asked);
    });
  };
  const bool blocked = (moves && !open_lock_breakers(evaluation.set, state).empty()) || any(how);
  const double free = blocked ? 0 : 1;
  add_gate(evaluation.verdict, GateKind::blocked_while, -1, free, 1, free - 1);
  evaluation.verdict.gates.back().left_out =
      !blocked && ((moves && some_breaker_acts(state)) || any(breaker_open));
}

/// A planner must not change under a rebalance, nor while a server would not hear of it.
void add_alone(Evaluation& evaluation, const EngineState& state, const Act& act) {
  if (!settles_last(evaluation.set, act.lever)) return;
  const double free = evaluation.rebalance || some_server_out(evaluation.set, state) ? 0 : 1;
  add_gate(evaluation.verdict, GateKind::one_at_a_time, -1, free, 1, free - 1);
}

void add_budgets(Evaluation& evaluation, const EngineState& state) {
  const Policy& policy = evaluation.policy;
  const double own = policy_budget_left(evaluation.set, state, policy, evaluation.now);
  add_gate(evaluation.verdict, GateKind::policy_budget, -1, own, 1, own - 1);
  if (evaluation.runtime.share <= 0) return;
  const double all = cluster_budget_left(evaluation.set, state, policy.name, evaluation.now);
  add_gate(evaluation.verdict, GateKind::cluster_budget, -1, all, 1, all - 1);
}

/// Asked of what really ends sessions, whatever else needs no budget.
void add_sessions(Evaluation& evaluation, const Act& act, int ended) {
  const auto& set = evaluation.set;
  const auto at = set.levers.find(act.lever);
  const bool ends = at != set.levers.end() && at->second.ends_sessions;
  if (!ends || evaluation.runtime.share <= 0) return;
  const double left = set.settings.sessions_per_hour - ended;
  add_gate(evaluation.verdict, GateKind::sessions_per_hour, -1, left, 1, left - 1);
}

/// An opening by which a whole node is acted on must not be left half done for want of a budget.
bool escalates(Evaluation& evaluation, const EngineState& state) {
  const Policy& policy = evaluation.policy;
  const PolicyMemory& memory = evaluation.runtime.memory;
  if (!policy.escalate || memory.state == BreakerState::open) return false;
  const double share = open_share(policy, state, memory.subject, true);
  if (share < policy.escalate->at) return false;
  const double at = policy.escalate->at;
  add_gate(evaluation.verdict, GateKind::escalation, -1, share, at, share - at);
  return true;
}

}  // namespace

bool may_move_forward(Evaluation& evaluation, const Guards& guards, int rung) {
  auto& gates = evaluation.verdict.gates;
  const auto before = static_cast<std::ptrdiff_t>(gates.size());
  add_rungs(evaluation, rung);
  add_bar(evaluation, guards.bar);
  const auto rungs = static_cast<int>(evaluation.policy.ladder.size());
  if (rung <= rungs) {
    const auto& act = evaluation.policy.ladder[static_cast<std::size_t>(rung - 1)];
    add_holding(evaluation, guards.survey, act);
    add_sessions(evaluation, act, guards.sessions_ended);
    add_alone(evaluation, guards.state, act);
  }
  add_open_subjects(evaluation, guards.state);
  add_blocked_while(evaluation, guards.state);
  if (!escalates(evaluation, guards.state)) add_budgets(evaluation, guards.state);
  return std::all_of(gates.begin() + before, gates.end(),
                     [](const Gate& gate) { return gate.passed; });
}

bool may_start(Evaluation& evaluation, const Guards& guards) {
  auto& gates = evaluation.verdict.gates;
  const auto before = static_cast<std::ptrdiff_t>(gates.size());
  add_bar(evaluation, guards.bar);
  add_holding(evaluation, guards.survey, evaluation.policy.ladder.front());
  add_open_subjects(evaluation, guards.state);
  add_blocked_while(evaluation, guards.state);
  add_budgets(evaluation, guards.state);
  return std::all_of(gates.begin() + before, gates.end(),
                     [](const Gate& gate) { return gate.passed; });
}

bool may_go_on(Evaluation& evaluation, const Guards& guards) {
  auto& gates = evaluation.verdict.gates;
  const auto before = static_cast<std::ptrdiff_t>(gates.size());
  add_blocked_while(evaluation, guards.state, is_open);
  return std::all_of(gates.begin() + before, gates.end(),
                     [](const Gate& gate) { return gate.passed; });
}

bool may_adjust(Evaluation& evaluation, const Guards& guards) {
  auto& gates = evaluation.verdict.gates;
  const auto before = static_cast<std::ptrdiff_t>(gates.size());
  add_bar(evaluation, guards.bar);
  add_blocked_while(evaluation, guards.state);
  add_alone(evaluation, guards.state, evaluation.policy.ladder.front());
  return std::all_of(gates.begin() + before, gates.end(),
                     [](const Gate& gate) { return gate.passed; });
}

}  // namespace homeostat
