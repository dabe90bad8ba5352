// SPDX-License-Identifier: Apache-2.0
#include "policies/loader/policy_checks.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "policies/loader/nearest.hpp"

namespace homeostat::loader {
namespace {

std::string at(const Place& place) { return place.file + ":" + std::to_string(place.line); }

std::optional<Argument> admission(const Act& act) {
  const auto found = act.value.arguments.find("admit");
  return found == act.value.arguments.end() ? std::nullopt : std::optional(found->second);
}

/// What an act sets, one for each subject when the target is the subject itself, and for each node
/// that it may escalate to.
std::set<LeverKey> keys_of(const Policy& policy, const Act& act) {
  if (!act.target.empty()) return {{act.lever, act.target}};
  std::set<LeverKey> keys;
  for (const auto& subject : policy.subjects) keys.insert({act.lever, to_text(subject)});
  if (policy.escalate) {
    for (const auto& [subject, holder] : policy.escalate->holders) {
      keys.insert({act.lever, to_text(holder)});
    }
  }
  return keys;
}

void check_pair(const PolicyDraft& first, const PolicyDraft& second, std::vector<Finding>& errors) {
  for (std::size_t i = 0; i < second.policy.ladder.size(); ++i) {
    const auto& act = second.policy.ladder[i];
    const auto wanted = keys_of(second.policy, act);
    for (const auto& other : first.policy.ladder) {
      const auto taken = keys_of(first.policy, other);
      const auto both = std::find_if(wanted.begin(), wanted.end(),
                                     [&taken](const auto& key) { return taken.contains(key); });
      if (both == wanted.end()) continue;
      const bool tie = !admission(act) || admission(act) == admission(other);
      if (!tie) continue;
      errors.push_back(
          {second.act_places[i],
           "policy `" + first.policy.name + "` (" + at(first.policy.place) + ") wants `" +
               both->lever + "` on `" + both->target +
               "` too and admits the same; expected another `priority` in one of them"});
      break;
    }
  }
}

}  // namespace

void check_names(const std::vector<PolicyDraft>& drafts, std::vector<Finding>& errors) {
  std::map<std::string, Place> places;
  for (const auto& draft : drafts) {
    const auto& policy = draft.policy;
    if (policy.name.empty()) continue;
    const auto [first, fresh] = places.emplace(policy.name, policy.place);
    if (fresh) continue;
    errors.push_back({policy.place, "policy `" + policy.name + "` is there twice; the first is " +
                                        at(first->second)});
  }
}

void check_blockers(const std::vector<PolicyDraft>& drafts, std::vector<Finding>& errors) {
  std::vector<std::string> names;
  for (const auto& draft : drafts) names.push_back(draft.policy.name);
  for (const auto& draft : drafts) {
    for (std::size_t i = 0; i < draft.policy.blocked_while.size(); ++i) {
      const auto& blocker = draft.policy.blocked_while[i];
      if (blocker == draft.policy.name) {
        errors.push_back({draft.blocker_places[i], "a policy cannot be blocked by itself"});
      } else if (std::find(names.begin(), names.end(), blocker) == names.end()) {
        errors.push_back({draft.blocker_places[i],
                          "there is no policy `" + blocker + "`; " + suggestion(blocker, names)});
      }
    }
  }
}

void check_targets(const std::vector<PolicyDraft>& drafts, std::vector<Finding>& errors) {
  for (std::size_t second = 1; second < drafts.size(); ++second) {
    for (std::size_t first = 0; first < second; ++first) {
      const auto& a = drafts[first].policy;
      const auto& b = drafts[second].policy;
      const bool off = a.mode == Mode::off || b.mode == Mode::off;
      if (!off && a.priority == b.priority) check_pair(drafts[first], drafts[second], errors);
    }
  }
}

}  // namespace homeostat::loader
