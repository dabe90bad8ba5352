// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/reason.hpp"

#include <array>
#include <cstdio>

#include "policies/engine/cusum.hpp"

namespace homeostat {
namespace {

std::string number(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.4g", value);
  return text.data();
}

std::string cusum_reason(const Arm& arm, const CusumTest& test, const ArmView& view,
                         const ArmMemory& memory, BreakerState state) {
  const double level = trip_level(test, state);
  std::string text = arm.signal + " folded " + number(view.judged.value_or(0));
  if (memory.cusum >= level) {
    return text + ", S " + number(memory.cusum) + " >= " + number(level);
  }
  return text + ", mean " + number(view.backstop.value_or(0)) + " > " + number(test.ref);
}

std::string level_reason(const Arm& arm, const LevelTest& test, const ArmView& view) {
  const bool above = test.comparison == Comparison::above;
  return arm.signal + " " + number(view.judged.value_or(0)) + (above ? " > " : " < ") +
         number(test.threshold);
}

std::string trend_reason(const Arm& arm, const TrendTest& test, const ArmView& view) {
  return arm.signal + " rose by " + number(view.rise.value_or(test.rises)) + " in " +
         number(to_seconds(test.over)) + " s, >= " + number(test.rises);
}

std::string absence_reason(const Arm& arm, const AbsenceTest& test) {
  return arm.signal + " absent for " + number(to_seconds(test.absent_for)) + " s";
}

std::string arm_reason(const Arm& arm, const ArmView& view, const PolicyRuntime& runtime,
                       const ArmMemory& memory) {
  if (const auto* cusum = std::get_if<CusumTest>(&arm.test)) {
    return cusum_reason(arm, *cusum, view, memory, runtime.memory.state);
  }
  if (const auto* trend = std::get_if<TrendTest>(&arm.test)) return trend_reason(arm, *trend, view);
  if (const auto* gone = std::get_if<AbsenceTest>(&arm.test)) return absence_reason(arm, *gone);
  return level_reason(arm, std::get<LevelTest>(arm.test), view);
}

}  // namespace

std::string forward_reason(const Evaluation& evaluation, std::string_view what) {
  const auto& policy = evaluation.policy;
  std::string text = policy.name + " " + std::string(what);
  const char* separator = ": ";
  for (std::size_t index = 0; index < evaluation.arms.size(); ++index) {
    const ArmView& view = evaluation.arms[index];
    if (view.truth != Truth::yes) continue;
    const auto& runtime = evaluation.runtime;
    text += separator;
    text += arm_reason(policy.open.arms[index], view, runtime, runtime.arms[index]);
    separator = " and ";
  }
  return text;
}

std::string regulated_reason(const Evaluation& evaluation, double value) {
  return evaluation.policy.name + " set to " + number(value) + ": computed " +
         number(evaluation.verdict.computed.value_or(value));
}

std::string restore_reason(const Evaluation& evaluation, double share) {
  return evaluation.policy.name + " restored to " + number(100 * share) + " %: clear";
}

}  // namespace homeostat
