// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/wedge.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "policies/engine/decide.hpp"
#include "policies/loader/scalars.hpp"

namespace homeostat {
namespace {

/// For `for:` of the arms and the first evaluation.
constexpr Duration kToOpen = std::chrono::minutes{5};

void put_nothing(Snapshot& snapshot, const Formula& formula, const Subject& subject) {
  for (const auto& input : formula.inputs) {
    if (!input.record.empty()) {
      put_nothing(snapshot, input.record.front(), subject);
    } else {
      put(snapshot, gauge(input.signal, subject, 0, {}));
    }
  }
}

/// What breaches the arm. A rise, an absence and a formula over other signals are not breached by
/// any one reading: of them there is one that says nothing.
void put_breached(Snapshot& snapshot, const Arm& arm, const Subject& subject) {
  if (!arm.record.empty()) {
    put_nothing(snapshot, arm.record.front(), subject);
  } else if (std::holds_alternative<CusumTest>(arm.test)) {
    put(snapshot, ratio(arm.signal, subject, 1000, 1000, {}));
  } else if (const auto* const test = std::get_if<LevelTest>(&arm.test)) {
    const double far = test->comparison == Comparison::above ? 1 : -1;
    put(snapshot, gauge(arm.signal, subject, test->threshold + far, {}));
  } else {
    put(snapshot, gauge(arm.signal, subject, 0, {}));
  }
}

void take(Snapshot& snapshot, TimePoint now, bool at_rest) {
  for (auto& sample : snapshot.samples) {
    sample.taken = now;
    if (!at_rest) continue;
    sample.quality = Quality::empty;
    sample.numerator = 0;
    sample.denominator = 0;
  }
}

/// All that it may take: hold, clear times, every rung and step, an evaluation for each.
Duration long_enough(const Policy& policy) {
  Duration clear{};
  for (const auto& arm : policy.open.arms) clear = std::max(clear, arm.clear_for);
  const auto stages = static_cast<int>(policy.ladder.size() + policy.restore.steps.size());
  const auto stage = std::max(policy.restore.each, clear) + policy.every;
  return policy.hold.max + clear + stages * stage + 2 * policy.every;
}

Duration longest_dwell(const Policy& policy) {
  Duration dwell{};
  for (const auto& arm : policy.open.arms) {
    const auto* level = std::get_if<LevelTest>(&arm.test);
    if (level == nullptr) continue;
    const auto samples = level->for_samples * policy.every;
    dwell = std::max(dwell, level->hold_for.value_or(samples));
  }
  return dwell;
}

/// One policy about one subject, second by second.
class WedgeTrial {
 public:
  WedgeTrial(const PolicySet& policies, Policy policy) : set_(policies) {
    policy.mode = Mode::enforce;
    policy.blocked_while.clear();  // the others are not there
    policy.subjects.resize(1);
    for (const auto& arm : policy.open.arms) {
      put_breached(snapshot_, arm, policy.subjects.front());
    }
    set_.policies = {std::move(policy)};
  }

  /// The state after at most `time`, or as soon as it is `wanted`.
  BreakerState go_on(Duration time, bool at_rest, BreakerState wanted) {
    auto found = BreakerState::closed;
    for (const auto end = now_ + time; now_ < end;) {
      now_ += set_.settings.sample_every;
      take(snapshot_, now_, at_rest);
      auto decision = decide(set_, snapshot_, std::move(state_), now_);
      state_ = std::move(decision.state);
      found = state_.policies.begin()->second.memory.state;
      if (found == wanted) break;
    }
    return found;
  }

 private:
  PolicySet set_;
  Snapshot snapshot_;
  EngineState state_;
  TimePoint now_{};
};

}  // namespace

std::optional<InvariantFinding> find_wedge(const PolicySet& policies, const Policy& policy) {
  if (policy.kind != PolicyKind::breaker || policy.open.arms.empty()) return std::nullopt;
  WedgeTrial trial(policies, policy);
  const auto to_open = kToOpen + longest_dwell(policy);
  if (trial.go_on(to_open, false, BreakerState::open) != BreakerState::open) return std::nullopt;
  const auto climb = policy.climb_after * static_cast<int>(policy.ladder.size()) + policy.every;
  trial.go_on(climb, false, BreakerState::closed);  // which it does not become
  const auto limit = long_enough(policy);
  if (trial.go_on(limit, true, BreakerState::closed) == BreakerState::closed) return std::nullopt;
  return InvariantFinding{2, Severity::failure, policy.name,
                          "wedged: opened, it is not closed again after " +
                              loader::format_duration(limit) +
                              " of a system at rest (readings of 0/0)"};
}

}  // namespace homeostat
