// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/job_trigger.hpp"

#include <algorithm>
#include <variant>

namespace homeostat {
namespace {

constexpr const char* kTrigger = "trigger";

bool says_trigger(const Argument& argument) {
  const auto* const text = std::get_if<std::string>(&argument);
  return text != nullptr && *text == kTrigger;
}

}  // namespace

std::string chosen_by_trigger(const Evaluation& evaluation) {
  const Act& act = evaluation.policy.ladder.front();
  const auto& given = act.value.arguments;
  const bool asked = std::any_of(given.begin(), given.end(),
                                 [](const auto& one) { return says_trigger(one.second); });
  const auto lever = evaluation.set.levers.find(act.lever);
  if (!asked || lever == evaluation.set.levers.end()) return {};
  const LeverTraits& traits = lever->second;
  std::string chosen;
  for (std::size_t index = 0; index < evaluation.arms.size(); ++index) {
    if (evaluation.arms[index].truth != Truth::yes) continue;
    const auto told = traits.by_trigger.find(evaluation.policy.open.arms[index].signal);
    if (told == traits.by_trigger.end()) continue;
    if (chosen.empty()) chosen = told->second;
    if (chosen != told->second && !traits.by_several.empty()) return traits.by_several;
  }
  return chosen;
}

void fill_in_trigger(const JobMemory& job, LeverValue& value) {
  if (job.chosen.empty()) return;
  for (auto& [name, argument] : value.arguments) {
    if (says_trigger(argument)) argument = job.chosen;
  }
}

}  // namespace homeostat
