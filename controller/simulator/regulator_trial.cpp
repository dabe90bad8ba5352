// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/regulator_trial.hpp"

#include <utility>

#include "policies/engine/decide.hpp"

namespace homeostat {
namespace {

constexpr int kEvaluations = 60;  // for its largest step

}  // namespace

LeverKey regulated_key(const Policy& policy) {
  const auto& act = policy.ladder.front();
  return {act.lever, act.target.empty() ? to_text(policy.subjects.front()) : act.target};
}

std::optional<LeverValue> settled(const PolicySet& policies, Policy policy,
                                  const std::vector<Sample>& samples) {
  const auto every = policy.every;
  policy.mode = Mode::enforce;
  policy.blocked_while.clear();  // the others are not there
  policy.subjects.resize(1);
  PolicySet alone = policies;
  alone.policies = {std::move(policy)};
  Snapshot snapshot;
  for (const auto& sample : samples) put(snapshot, sample);
  EngineState state;
  std::optional<LeverValue> value;
  TimePoint now{};
  for (int number = 0; number < kEvaluations; ++number) {
    now += every;
    for (auto& sample : snapshot.samples) sample.taken = now;
    auto decision = decide(alone, snapshot, std::move(state), now);
    state = std::move(decision.state);
    if (!decision.desired.empty()) value = decision.desired.front().value;
  }
  return value;
}

}  // namespace homeostat
