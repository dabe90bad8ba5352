// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/breaker.hpp"

#include <algorithm>
#include <utility>

#include "policies/engine/bench.hpp"
#include "policies/engine/cusum.hpp"
#include "policies/engine/reason.hpp"

namespace homeostat {
namespace {

void consume_all(PolicyRuntime& runtime) {
  for (auto& arm : runtime.arms) consume_evidence(arm);
}

Duration grown(Duration hold, const Hold& rule) {
  const auto next = from_seconds(to_seconds(hold) * rule.factor);
  return std::clamp(next, rule.first, std::max(rule.first, rule.max));
}

void set_reason(PolicyRuntime& runtime, int rung, std::string reason) {
  const auto count = static_cast<std::size_t>(rung);
  if (runtime.reasons.size() < count) runtime.reasons.resize(count);
  runtime.reasons[count - 1] = std::move(reason);
}

/// Takes `rung`: the way forward that opening, climbing and re-opening share.
void take_rung(Evaluation& evaluation, int rung, std::string reason) {
  auto& runtime = evaluation.runtime;
  set_reason(runtime, rung, std::move(reason));
  engage(runtime.memory, rung);
  runtime.memory.restore_step = 0;
  runtime.memory.changed = evaluation.now;
  evaluation.verdict.took = rung;
  runtime.last_climb = evaluation.now;
}

void enter_open(Evaluation& evaluation) {
  auto& runtime = evaluation.runtime;
  runtime.memory.state = BreakerState::open;
  runtime.memory.opened = evaluation.now;
}

Step from_closed(Evaluation& evaluation, const Guards& guards) {
  if (evaluation.condition == Truth::unknown) return Step::unknown;
  if (evaluation.condition == Truth::no) return Step::idle;
  const int rung = next_rung(evaluation);
  if (!may_move_forward(evaluation, guards, rung)) return Step::blocked;
  auto& runtime = evaluation.runtime;
  auto& memory = runtime.memory;
  const Hold& rule = evaluation.policy.hold;
  const bool again = runtime.closed_at && evaluation.now - *runtime.closed_at < rule.max;
  memory.hold = again ? grown(memory.hold, rule) : rule.first;
  memory.trips = again ? memory.trips + 1 : 1;
  take_rung(evaluation, rung, forward_reason(evaluation, "opened"));
  enter_open(evaluation);
  return Step::opened;
}

Step climb(Evaluation& evaluation, const Guards& guards) {
  const auto& policy = evaluation.policy;
  auto& runtime = evaluation.runtime;
  const auto since = evaluation.now - runtime.last_climb.value_or(runtime.memory.opened);
  const bool rested =
      add_time_gate(evaluation, GateKind::climb_after, -1, since, policy.climb_after);
  if (!still_beyond(evaluation)) return Step::holding;
  const int next = next_rung(evaluation);
  const bool may = may_move_forward(evaluation, guards, next);
  if (!rested) return Step::holding;
  // All is done that can be: nothing is held back there.
  const bool top = runtime.memory.rung >= rung_limit(evaluation);
  if (!may) return top ? Step::holding : Step::blocked;
  take_rung(evaluation, next, forward_reason(evaluation, "climbed"));
  return Step::climbed;
}

void close(Evaluation& evaluation) {
  auto& runtime = evaluation.runtime;
  auto& memory = runtime.memory;
  memory.state = BreakerState::closed;
  disengage_all(memory);
  memory.changed = evaluation.now;
  runtime.closed_at = evaluation.now;
  runtime.reasons.clear();
  consume_all(runtime);
}

/// Gives back the highest rung, whole; the last one left one step further.
Step give_back(Evaluation& evaluation) {
  const auto& policy = evaluation.policy;
  auto& runtime = evaluation.runtime;
  auto& memory = runtime.memory;
  if (memory.state == BreakerState::open) consume_all(runtime);
  memory.state = BreakerState::half_open;
  memory.changed = evaluation.now;
  runtime.last_restore = evaluation.now;
  if (memory.rung == 0) {  // all that was engaged did harm
    close(evaluation);
    return Step::closed;
  }
  if (!last_left(memory)) {
    disengage_highest(memory);
    runtime.reasons.resize(static_cast<std::size_t>(memory.rung));
    return Step::restored;
  }
  const auto engaged = admission_of(policy.ladder[static_cast<std::size_t>(memory.rung - 1)].value);
  const int step = memory.restore_step + 1;
  const auto steps = policy.restore.steps.size();
  const auto at = static_cast<std::size_t>(step);
  if (!engaged || at >= steps || policy.restore.steps[at - 1] >= 1) {
    close(evaluation);
    return Step::closed;
  }
  memory.restore_step = step;
  set_reason(runtime, memory.rung,
             restore_reason(evaluation, admitted_share(policy, *engaged, step)));
  return Step::restored;
}

Step from_open(Evaluation& evaluation, const Guards& guards) {
  const auto& memory = evaluation.runtime.memory;
  const bool held =
      add_time_gate(evaluation, GateKind::hold, -1, evaluation.now - memory.opened, memory.hold);
  const bool clear = arms_clear(evaluation, std::nullopt);
  if (evaluation.condition == Truth::yes) return climb(evaluation, guards);
  if (tripped_arm_unknown(evaluation)) return Step::unknown;
  return held && clear ? give_back(evaluation) : Step::holding;
}

Step reopen(Evaluation& evaluation, const Guards& guards) {
  auto& memory = evaluation.runtime.memory;
  // What is partly engaged still is taken whole again, benched or not: that is no climb.
  const int rung = memory.restore_step > 0 ? memory.rung : next_rung(evaluation);
  if (!may_move_forward(evaluation, guards, rung)) return Step::blocked;
  memory.hold = grown(memory.hold, evaluation.policy.hold);
  ++memory.trips;
  take_rung(evaluation, rung, forward_reason(evaluation, "re-opened"));
  enter_open(evaluation);
  return Step::reopened;
}

Step from_half_open(Evaluation& evaluation, const Guards& guards) {
  const auto& policy = evaluation.policy;
  auto& runtime = evaluation.runtime;
  const auto since = evaluation.now - runtime.last_restore.value_or(runtime.memory.changed);
  const bool healthy =
      add_time_gate(evaluation, GateKind::healthy_for, -1, since, policy.restore.each);
  const bool clear = arms_clear(evaluation, policy.restore.each);
  if (evaluation.condition == Truth::yes) return reopen(evaluation, guards);
  if (tripped_arm_unknown(evaluation)) return Step::unknown;
  return healthy && clear ? give_back(evaluation) : Step::holding;
}

}  // namespace

Step step_breaker(Evaluation& evaluation, const Guards& guards) {
  switch (evaluation.runtime.memory.state) {
    case BreakerState::closed:
      return from_closed(evaluation, guards);
    case BreakerState::open:
      return from_open(evaluation, guards);
    case BreakerState::half_open:
      return from_half_open(evaluation, guards);
  }
  return Step::unknown;
}

double admitted_share(const Policy& policy, double engaged, int step) {
  if (step < 1 || policy.restore.steps.empty()) return engaged;
  const auto last = policy.restore.steps.size();
  const auto at = std::min(static_cast<std::size_t>(step), last);
  return engaged + (1 - engaged) * policy.restore.steps[at - 1];
}

std::optional<double> admission_of(const LeverValue& value) {
  const auto at = value.arguments.find("admit");
  if (at == value.arguments.end()) return std::nullopt;
  const double* share = std::get_if<double>(&at->second);
  return share == nullptr ? std::nullopt : std::optional(*share);
}

}  // namespace homeostat
