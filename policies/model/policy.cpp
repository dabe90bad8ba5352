// SPDX-License-Identifier: Apache-2.0
#include "policies/model/policy.hpp"

#include <algorithm>

#include "policies/model/names.hpp"

namespace homeostat {
namespace {

constexpr NameTable<PolicyKind, 4> kPolicyKinds{{
    {PolicyKind::breaker, "breaker"},
    {PolicyKind::regulator, "regulator"},
    {PolicyKind::job, "job"},
    {PolicyKind::alert, "alert"},
}};

constexpr NameTable<Mode, 4> kModes{{
    {Mode::off, "off"},
    {Mode::shadow, "shadow"},
    {Mode::canary, "canary"},
    {Mode::enforce, "enforce"},
}};

constexpr NameTable<ExpectedMove, 4> kMoves{{
    {ExpectedMove::falls_by, "falls_by"},
    {ExpectedMove::rises_by, "rises_by"},
    {ExpectedMove::above, "above"},
    {ExpectedMove::below, "below"},
}};

constexpr NameTable<ChangedPolicies, 3> kChangedPolicies{{
    {ChangedPolicies::keep, "keep"},
    {ChangedPolicies::canary, "canary"},
    {ChangedPolicies::shadow, "shadow"},
}};

void divide(std::optional<Duration>& duration, int by) {
  if (duration) *duration /= by;
}

void divide(LevelTest& test, int by) { divide(test.hold_for, by); }
void divide(CusumTest& /*test*/, int /*by*/) {}  // counts folds, not time
void divide(TrendTest& test, int by) {
  test.over /= by;
  test.hold_for /= by;
}
void divide(AbsenceTest& test, int by) { test.absent_for /= by; }

void divide(Arm& arm, int by) {
  std::visit([by](auto& test) { divide(test, by); }, arm.test);
  arm.clear_for /= by;
  divide(arm.smooth, by);
  divide(arm.max_open, by);
}

/// Windows are wall time, and stay.
void divide(Job& job, int by) {
  divide(job.at_most_every, by);
  divide(job.budget.time, by);
  divide(job.deadline, by);
  job.cooldown /= by;
}

void divide(Policy& policy, int by) {
  policy.every /= by;
  for (auto& arm : policy.open.arms) divide(arm, by);
  for (auto& act : policy.ladder) act.ttl /= by;
  policy.climb_after /= by;
  policy.hold.first /= by;
  policy.hold.max /= by;
  policy.restore.each /= by;
  if (policy.expect) policy.expect->within /= by;
  policy.bench.first /= by;
  policy.bench.max /= by;
  for (auto& step : policy.canary.steps) step.hold_for /= by;
  if (policy.regulator && policy.regulator->aimd) policy.regulator->aimd->every /= by;
  if (policy.job) divide(*policy.job, by);
}

}  // namespace

std::string_view to_text(PolicyKind kind) { return name_of(kPolicyKinds, kind); }
std::optional<PolicyKind> parse_policy_kind(std::string_view text) {
  return value_of(kPolicyKinds, text);
}
std::string_view to_text(Mode mode) { return name_of(kModes, mode); }
std::optional<Mode> parse_mode(std::string_view text) { return value_of(kModes, text); }
std::string_view to_text(ExpectedMove move) { return name_of(kMoves, move); }
std::optional<ExpectedMove> parse_expected_move(std::string_view text) {
  return value_of(kMoves, text);
}

std::string_view to_text(ChangedPolicies changed) { return name_of(kChangedPolicies, changed); }
std::optional<ChangedPolicies> parse_changed_policies(std::string_view text) {
  return value_of(kChangedPolicies, text);
}

Policy sped_up(Policy policy, int speed_up) {
  divide(policy, speed_up);
  return policy;
}

EngineSettings sped_up(EngineSettings settings, int speed_up) {
  settings.sample_every /= speed_up;
  settings.fold /= speed_up;
  settings.stale_after /= speed_up;
  settings.backstop /= speed_up;
  settings.budget_window /= speed_up;
  settings.brake_window /= speed_up;
  settings.bytes_window /= speed_up;
  return settings;
}

const Policy* find_policy(const PolicySet& set, std::string_view name) {
  const auto named = [&](const Policy& policy) { return policy.name == name; };
  const auto at = std::find_if(set.policies.begin(), set.policies.end(), named);
  return at == set.policies.end() ? nullptr : &*at;
}

}  // namespace homeostat
