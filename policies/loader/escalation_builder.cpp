// SPDX-License-Identifier: Apache-2.0
#include "policies/loader/escalation_builder.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "policies/loader/nearest.hpp"
#include "policies/loader/scalars.hpp"

namespace homeostat::loader {
namespace {

/// A node must be a target of every lever that is aimed at the subject.
void check_targets(const Policy& policy, const Escalation& escalation, const Vocabulary& vocabulary,
                   const std::vector<Place>& places, std::vector<Finding>& errors) {
  for (std::size_t rung = 0; rung < policy.ladder.size(); ++rung) {
    const auto& act = policy.ladder[rung];
    const auto lever = vocabulary.levers.find(act.lever);
    if (!act.target.empty() || lever == vocabulary.levers.end()) continue;
    const auto& known = lever->second.targets;
    for (const auto& [subject, holder] : escalation.holders) {
      const auto target = to_text(holder);
      if (std::find(known.begin(), known.end(), target) != known.end()) continue;
      errors.push_back({places[rung], "lever `" + act.lever + "` cannot be set on `" + target +
                                          "`, to which `escalate` goes from `" + to_text(subject) +
                                          "`; " + suggestion(target, known)});
      return;
    }
  }
}

}  // namespace

void build_escalation(const Value& document, const Vocabulary& vocabulary, PolicyDraft& draft,
                      std::vector<Finding>& errors) {
  const auto* const value = find(document, "escalate");
  if (value == nullptr) return;
  auto& policy = draft.policy;
  const auto refuse = [&](std::string why) {
    errors.push_back({value->key_place, "`escalate` " + std::move(why)});
  };
  Escalation escalation;
  assign<double>(escalation.at, *value, "at");
  const auto& subjects = policy.subjects;
  if (subjects.empty() || subjects.front().kind != SubjectKind::zone) {
    return refuse("goes from zones to the node that holds them; expected `for_each: zone`");
  }
  const auto aimed = [](const Act& act) { return act.target.empty(); };
  const auto& ladder = policy.ladder;
  if (!ladder.empty() && std::none_of(ladder.begin(), ladder.end(), aimed)) {
    return refuse("would change nothing: each rung names its target; expected one without");
  }
  for (const auto& subject : subjects) {
    const auto holder = vocabulary.holders.find(subject);
    if (holder == vocabulary.holders.end()) {
      return refuse("needs to know each zone's node; the inventory names none for `" +
                    to_text(subject) + "`");
    }
    escalation.holders.insert(*holder);
  }
  check_targets(policy, escalation, vocabulary, draft.act_places, errors);
  policy.escalate = std::move(escalation);
}

}  // namespace homeostat::loader
