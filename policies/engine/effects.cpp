// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/effects.hpp"

#include <algorithm>
#include <utility>

#include "policies/engine/folds.hpp"
#include "policies/engine/reading.hpp"

namespace homeostat {

std::optional<double> effect_signal(const PolicySet& set, const Snapshot& snapshot,
                                    const EngineState& state, const Expectation& expect,
                                    const Subject& subject, TimePoint now) {
  const auto shape = shape_of(set, expect.signal);
  if (shape != SignalShape::ratio) {
    const bool up = expect.move == ExpectedMove::above || expect.move == ExpectedMove::rises_by;
    const auto bad = up ? Comparison::below : Comparison::above;
    const auto aggregate = aggregate_for(Aggregate::automatic, shape, bad);
    return value_of(read_signal(set, snapshot, expect.signal, subject, aggregate, now));
  }
  const auto fold = ended_fold(state, expect.signal, subject, Aggregate::automatic);
  if (!fold || fold->number != fold_number(now, set.settings.fold) - 1) return std::nullopt;
  return fold->denominator > 0 ? fold->numerator / fold->denominator : 0;
}

std::optional<bool> promise_met(const Effect& effect) {
  if (!effect.before || !effect.after) return std::nullopt;
  const double before = *effect.before;
  const double after = *effect.after;
  switch (effect.move) {
    case ExpectedMove::above:
      return after > effect.amount;
    case ExpectedMove::below:
      return after < effect.amount;
    case ExpectedMove::falls_by:
    case ExpectedMove::rises_by:
      break;
  }
  if (before <= 0) return std::nullopt;
  return effect.move == ExpectedMove::falls_by ? after <= before * (1 - effect.amount)
                                               : after >= before * (1 + effect.amount);
}

void promise_effect(const Policy& policy, PolicyRuntime& runtime, int rung,
                    std::optional<double> before, TimePoint now) {
  if (!policy.expect) return;
  std::erase_if(runtime.pending,
                [&](const PendingEffect& pending) { return pending.effect.rung == rung; });
  Effect effect;
  effect.policy = policy.name;
  effect.subject = runtime.memory.subject;
  effect.signal = policy.expect->signal;
  effect.move = policy.expect->move;
  effect.amount = policy.expect->amount;
  effect.rung = rung;
  effect.acted = now;
  effect.before = before;
  runtime.pending.push_back({std::move(effect), now + policy.expect->within});
}

std::vector<Effect> due_effects(const PolicySet& set, const Snapshot& snapshot,
                                const EngineState& state, const Policy& policy,
                                PolicyRuntime& runtime, TimePoint now) {
  std::vector<Effect> due;
  const auto is_due = [&](const PendingEffect& pending) { return pending.due <= now; };
  if (!policy.expect || std::none_of(runtime.pending.begin(), runtime.pending.end(), is_due)) {
    return due;
  }
  const auto after =
      effect_signal(set, snapshot, state, *policy.expect, runtime.memory.subject, now);
  for (auto& pending : runtime.pending) {
    if (!is_due(pending)) continue;
    pending.effect.judged = now;
    pending.effect.after = after;
    pending.effect.met = promise_met(pending.effect);
    due.push_back(pending.effect);
  }
  std::erase_if(runtime.pending, is_due);
  return due;
}

}  // namespace homeostat
