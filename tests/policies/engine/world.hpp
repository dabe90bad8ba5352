// SPDX-License-Identifier: Apache-2.0
// A world of samples at one a second (or another step) in which decide() is driven.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "policies/engine/decide.hpp"

namespace homeostat::testing {

inline constexpr const char* kRatio = "pg_blocked_ratio";
inline constexpr const char* kGauge = "admission_queue_age_seconds";

inline Duration seconds(double count) { return from_seconds(count); }
/// Aligned with the 5 s folds.
inline TimePoint origin() { return TimePoint{seconds(1000)}; }
inline Subject node(std::string name) { return {SubjectKind::node, std::move(name)}; }

inline Arm cusum_arm(double ref = 0.20, double trip = 1, double clear_below = 0.15) {
  Arm arm;
  arm.signal = kRatio;
  CusumTest test;
  test.ref = ref;
  test.trip = trip;
  arm.test = test;
  arm.clear_level = clear_below;
  return arm;
}

inline Arm level_arm(double above, double clear_below, int for_samples = 1) {
  Arm arm;
  arm.signal = kGauge;
  LevelTest test;
  test.threshold = above;
  test.for_samples = for_samples;
  arm.test = test;
  arm.clear_level = clear_below;
  return arm;
}

inline Act shed(std::string target, double admit = 0) {
  Act act;
  act.lever = "feature";
  act.target = std::move(target);
  act.value.arguments["admit"] = admit;
  return act;
}

/// The shipped circuit-breaker with its first arm, enforced: three rungs.
/// The name of circuit_breaker().
inline const std::string kCircuitBreaker = "circuit-breaker";

inline Policy circuit_breaker() {
  Policy policy;
  policy.name = "circuit-breaker";
  policy.mode = Mode::enforce;
  policy.open.arms = {cusum_arm()};
  policy.ladder = {shed("class/rebuildable"), shed("class/batch"), shed("class/non_critical")};
  policy.limits.per_hour = 1000;
  policy.hash = "c0ffee";
  return policy;
}

/// A breaker that opens, restores and closes at once: each evaluation of 1 s counts.
inline Policy quick_breaker(std::string name = "quick") {
  Policy policy;
  policy.name = std::move(name);
  policy.mode = Mode::enforce;
  policy.every = seconds(1);
  policy.open.arms = {level_arm(0.4, 0.2)};
  policy.open.arms[0].clear_for = seconds(1);
  policy.ladder = {shed("class/batch")};
  policy.hold = {seconds(1), 1, seconds(1)};
  policy.restore.steps = {1.0};
  policy.limits = {1000, 1.0};
  return policy;
}

class World {
 public:
  explicit World(std::vector<Policy> policies) {
    set.policies = std::move(policies);
    set.signals[kRatio] = {SignalShape::ratio};
    set.signals[kGauge] = {SignalShape::gauge};
    set.levers["feature"] = {false};
    set.levers["zone"] = {true};
    set.settings.cluster_per_hour = 1000;
  }

  void put_ratio(double blocked, double open, Subject subject = {}) {
    put(snapshot, ratio(kRatio, std::move(subject), blocked, open, now));
  }
  void put_gauge(double value, Subject subject = {}) {
    put(snapshot, gauge(kGauge, std::move(subject), value, now));
  }
  void put_absent(const char* signal, Subject subject = {}) {
    put(snapshot, absent(signal, std::move(subject), AbsentReason::timeout, now));
  }
  /// The server is another one, or has started anew.
  void put_another_server(const char* signal, Subject subject = {}) {
    put(snapshot, absent(signal, std::move(subject), AbsentReason::identity_changed, now));
  }

  /// Decides at `now`, keeps the outcome, and moves on by one step.
  const Decision& tick() {
    last = decide(set, snapshot, std::move(state), now);
    state = last.state;
    for (const auto& verdict : last.verdicts) verdicts.push_back(verdict);
    for (const auto& effect : last.effects) effects.push_back(effect);
    now += step;
    return last;
  }

  /// `count` steps, each with the samples that `load` puts.
  void run(int count, const std::function<void(World&)>& load) {
    for (int i = 0; i < count; ++i) {
      load(*this);
      tick();
    }
  }

  /// Time since the origin of the first verdict from `from` on that took `wanted`.
  std::optional<double> first(Step wanted, TimePoint from = origin()) const {
    for (const auto& verdict : verdicts) {
      if (verdict.at >= from && verdict.step == wanted) return to_seconds(verdict.at - origin());
    }
    return std::nullopt;
  }
  int count(Step wanted) const {
    int found = 0;
    for (const auto& verdict : verdicts) found += verdict.step == wanted ? 1 : 0;
    return found;
  }
  const PolicyMemory& memory(const std::string& policy, Subject subject = {}) const {
    return state.policies.at({policy, std::move(subject)}).memory;
  }
  std::optional<double> admits(const std::string& target) const {
    for (const auto& lever : last.desired) {
      if (lever.key.target == target) return std::get<double>(lever.value.arguments.at("admit"));
    }
    return std::nullopt;
  }

  PolicySet set;
  Snapshot snapshot;
  EngineState state;
  TimePoint now = origin();
  Duration step = seconds(1);
  std::vector<Verdict> verdicts;
  std::vector<Effect> effects;
  Decision last;
};

/// 30 open transactions, 24 of them blocked: r = 0.715 after the prior.
inline void storm(World& world) { world.put_ratio(24, 30); }
/// 20 open, one blocked: r = 0.055.
inline void calm(World& world) { world.put_ratio(1, 20); }
/// Nobody at work: 0/0.
inline void idle(World& world) { world.put_ratio(0, 0); }

inline const Gate* gate_of(const Verdict& verdict, GateKind kind) {
  for (const auto& gate : verdict.gates) {
    if (gate.kind == kind) return &gate;
  }
  return nullptr;
}

inline const Verdict& latest(const World& world) { return world.verdicts.back(); }

}  // namespace homeostat::testing
