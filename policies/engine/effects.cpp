// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/effects.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "policies/engine/bench.hpp"
#include "policies/engine/canary.hpp"
#include "policies/engine/folds.hpp"
#include "policies/engine/reading.hpp"

namespace homeostat {
namespace {

/// 0.5 - 0.4 is a hair less than 0.1.
constexpr double kHair = 1e-9;

bool goes_up(ExpectedMove move) {
  return move == ExpectedMove::above || move == ExpectedMove::rises_by;
}

/// Of a cluster's members the one furthest from what is expected; a ratio's are pooled.
SignalReading reading_of(const PolicySet& set, const Snapshot& snapshot, const Expectation& expect,
                         const Subject& subject, TimePoint now) {
  const auto bad = goes_up(expect.move) ? Comparison::below : Comparison::above;
  const auto shape = shape_of(set, expect.signal);
  const auto aggregate = aggregate_for(Aggregate::automatic, shape, bad);
  return read_signal(set, snapshot, expect.signal, subject, aggregate, now);
}

/// The signal as it stands: a ratio's last fold, without the prior; a gauge's newest reading.
/// Nothing when absent.
std::optional<Looks> look_at_signal(const PolicySet& set, const Snapshot& snapshot,
                                    const EngineState& state, const Expectation& expect,
                                    const Subject& subject, TimePoint now) {
  if (shape_of(set, expect.signal) != SignalShape::ratio) {
    const auto value = value_of(reading_of(set, snapshot, expect, subject, now));
    return value ? std::optional(Looks{*value, 1, 1}) : std::nullopt;
  }
  const auto fold = ended_fold(state, expect.signal, subject, Aggregate::automatic);
  if (!fold || fold->number != fold_number(now, set.settings.fold) - 1) return std::nullopt;
  return Looks{fold->numerator, fold->denominator, 1};
}

/// An idle ratio is 0: nobody waited.
double value_of(const Looks& looks) {
  return looks.denominator > 0 ? looks.numerator / looks.denominator : 0;
}

/// Other policies' promises about the same, still open: theirs and `mine` are judged together.
void share(EngineState& state, PendingEffect& mine) {
  const PendingEffect* first = &mine;
  for (auto& [key, runtime] : state.policies) {
    for (auto& other : runtime.pending) {
      const Effect& effect = other.effect;
      if (effect.signal != mine.effect.signal || effect.subject != mine.effect.subject) continue;
      other.shared = mine.shared = true;
      if (effect.acted < first->effect.acted) first = &other;
    }
  }
  mine.effect.before = first->effect.before;
}

/// Given back, wholly or by steps, or not acted on any more.
bool cut_short(const PolicyRuntime& runtime, int rung) {
  // A job gives its lever back when it is done, and its effect stays.
  if (runtime.kind == PolicyKind::job) return runtime.share <= 0;
  const PolicyMemory& memory = runtime.memory;
  const bool partly = memory.restore_step > 0 && rung == memory.rung;
  return runtime.share <= 0 || partly || !engaged(memory, rung);
}

void look_once(PendingEffect& pending, const std::optional<Looks>& look, TimePoint now) {
  ++pending.looked;
  if (!look) {
    ++pending.missing;
    return;
  }
  if (now < pending.due - (pending.due - pending.effect.acted) / 4) return;
  pending.late.numerator += look->numerator;
  pending.late.denominator += look->denominator;
  ++pending.late.count;
}

EffectDoubt doubt_of(const PolicySet& set, const PendingEffect& pending, ForwardBar bar) {
  if (bar != ForwardBar::none) return EffectDoubt::barred;
  if (!pending.effect.before || !pending.effect.after) return EffectDoubt::unmeasured;
  if (pending.missing > kMostMissing * pending.looked) return EffectDoubt::missing_samples;
  if (shape_of(set, pending.effect.signal) != SignalShape::ratio) return EffectDoubt::none;
  const double traffic = pending.late.denominator / pending.late.count;
  const bool more = traffic > kMostTraffic * pending.traffic;
  const bool less = traffic < kLeastTraffic * pending.traffic;
  return more || less ? EffectDoubt::traffic_changed : EffectDoubt::none;
}

void judge(const PolicySet& set, PendingEffect& pending, std::optional<double> control,
           ForwardBar bar, bool cut) {
  Effect& effect = pending.effect;
  if (pending.late.count > 0) effect.after = value_of(pending.late);
  if (control && pending.control) effect.control = *control - *pending.control;
  if (pending.shared) {
    effect.outcome = EffectOutcome::shared;
    return;
  }
  effect.doubt = doubt_of(set, pending, bar);
  if (effect.doubt == EffectDoubt::none) judge_move(effect);
  const bool blamed =
      effect.outcome == EffectOutcome::ineffective || effect.outcome == EffectOutcome::harmful;
  if (cut && blamed) effect.doubt = EffectDoubt::given_back;
  if (effect.doubt != EffectDoubt::none) effect.outcome = EffectOutcome::inconclusive;
}

}  // namespace

void judge_move(Effect& effect) {
  if (!effect.before || !effect.after) {
    effect.doubt = EffectDoubt::unmeasured;
    return;
  }
  // Told as if it were to rise: a fall is a rise of the opposite.
  const bool up = goes_up(effect.move);
  const double by_itself = effect.control.value_or(0);
  const double before = up ? *effect.before : -*effect.before;
  const double after = up ? *effect.after - by_itself : by_itself - *effect.after;
  const bool level = effect.move == ExpectedMove::above || effect.move == ExpectedMove::below;
  const double goal = up ? effect.amount : -effect.amount;
  const double promised = level ? goal - before : effect.amount * *effect.before;
  if (promised < 0 || (!level && promised <= 0)) {
    effect.doubt = EffectDoubt::nothing_to_move;
    return;
  }
  const double moved = after - before;
  const bool kept = level ? after > goal : moved >= promised - kHair;
  if (kept) {
    effect.outcome = EffectOutcome::effective;
  } else {
    const bool harm = promised > 0 && moved <= kHair - promised;
    effect.outcome = harm ? EffectOutcome::harmful : EffectOutcome::ineffective;
  }
}

void promise_effect(const PolicySet& set, const Snapshot& snapshot, EngineState& state,
                    const Policy& policy, PolicyRuntime& runtime, int rung, TimePoint now) {
  // What little a share of the keys moves nobody can measure: canary.hpp judges that.
  if (!policy.expect || runtime.share < 1) return;
  const auto& expect = *policy.expect;
  const auto& subject = runtime.memory.subject;
  std::erase_if(runtime.pending,
                [&](const PendingEffect& pending) { return pending.effect.rung == rung; });
  PendingEffect mine;
  mine.due = policy.kind == PolicyKind::job ? TimePoint::max() : now + expect.within;
  Effect& effect = mine.effect;
  effect.policy = policy.name;
  effect.subject = subject;
  effect.signal = expect.signal;
  effect.move = expect.move;
  effect.amount = expect.amount;
  effect.rung = rung;
  effect.acted = now;
  if (const auto look = look_at_signal(set, snapshot, state, expect, subject, now)) {
    effect.before = value_of(*look);
    mine.traffic = look->denominator;
    const auto newest = value_of(reading_of(set, snapshot, expect, subject, now));
    if (newest) {
      effect.before = goes_up(expect.move) ? std::min(*effect.before, *newest)
                                           : std::max(*effect.before, *newest);
    }
  }
  mine.control = control_group(set, snapshot, state, policy, now);
  share(state, mine);
  runtime.pending.push_back(std::move(mine));
  runtime.looked_fold = fold_number(now, set.settings.fold);
}

void begin_promise(const Policy& policy, PolicyRuntime& runtime, TimePoint now) {
  if (!policy.expect) return;
  for (auto& pending : runtime.pending) {
    pending.effect.acted = now;
    pending.due = now + policy.expect->within;
    pending.looked = 0;
    pending.missing = 0;
    pending.late = {};
  }
}

void judge_effects(const PolicySet& set, const Snapshot& snapshot, EngineState& state,
                   const Policy& policy, PolicyRuntime& runtime, TimePoint now,
                   std::vector<Effect>& judged) {
  auto& open = runtime.pending;
  if (open.empty() || !policy.expect) return;
  const auto fold = fold_number(now, set.settings.fold);
  const bool fold_ended = fold != runtime.looked_fold;
  runtime.looked_fold = fold;
  auto& memory = runtime.memory;
  const auto is_over = [&](const PendingEffect& pending) {
    return pending.due <= now || cut_short(runtime, pending.effect.rung);
  };
  const auto first_over = std::stable_partition(
      open.begin(), open.end(), [&](const PendingEffect& pending) { return !is_over(pending); });
  if (!fold_ended && first_over == open.end()) return;
  const auto look = look_at_signal(set, snapshot, state, *policy.expect, memory.subject, now);
  for (auto& pending : open) {
    if (fold_ended) look_once(pending, look, now);
  }
  std::vector<PendingEffect> over(std::make_move_iterator(first_over),
                                  std::make_move_iterator(open.end()));
  open.erase(first_over, open.end());
  for (auto& pending : over) {
    Effect& effect = pending.effect;
    effect.judged = now;
    // Nothing was looked at in the last quarter of a window that ends early, or is shorter than a
    // few folds.
    if (pending.late.count == 0 && look) pending.late = *look;
    judge(set, pending, control_group(set, snapshot, state, policy, now),
          bar_for(snapshot, policy.name), cut_short(runtime, effect.rung) && now < pending.due);
    follow_outcome(policy, memory, effect.rung, effect.outcome, now);
    count_effect(state, policy, effect, now);
    judged.push_back(std::move(effect));
  }
}

}  // namespace homeostat
