// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/time_scales.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "policies/loader/scalars.hpp"

namespace homeostat {
namespace {

constexpr int kApart = 5;

std::optional<Duration> time_scale(const PolicySet& policies, const Policy& policy) {
  if (policy.regulator) {
    return policy.regulator->aimd ? policy.regulator->aimd->every : policy.every;
  }
  if (policy.kind != PolicyKind::breaker) return std::nullopt;
  auto scale = policy.hold.first;
  for (const auto& act : policy.ladder) {
    const auto lever = policies.levers.find(act.lever);
    const bool last = lever != policies.levers.end() && lever->second.settles_last;
    if (last) scale = std::max(scale, act.ttl);
  }
  return scale;
}

std::set<LeverKey> levers_of(const Policy& policy) {
  std::set<LeverKey> keys;
  for (const auto& act : policy.ladder) {
    for (const auto& subject : policy.subjects) {
      keys.insert({act.lever, act.target.empty() ? to_text(subject) : act.target});
    }
  }
  return keys;
}

void check_pair(const PolicySet& policies, const Policy& one, const Policy& other,
                std::vector<InvariantFinding>& found) {
  const auto taken = levers_of(one);
  for (const auto& key : levers_of(other)) {
    if (!taken.contains(key)) continue;
    found.push_back({4, Severity::warning, other.name,
                     "two owners: `" + key.lever + "` of " + key.target + " is also set by `" +
                         one.name + "`"});
  }
  const auto a = time_scale(policies, one);
  const auto b = time_scale(policies, other);
  if (!a || !b || std::max(*a, *b) >= kApart * std::min(*a, *b)) return;
  found.push_back({4, Severity::warning, other.name,
                   "time scales: it moves within " + loader::format_duration(*b) + ", `" +
                       one.name + "` within " + loader::format_duration(*a) + "; a factor of " +
                       std::to_string(kApart) + " keeps them apart"});
}

}  // namespace

std::vector<InvariantFinding> check_time_scales(const PolicySet& policies) {
  std::vector<InvariantFinding> found;
  const auto& all = policies.policies;
  for (std::size_t second = 1; second < all.size(); ++second) {
    for (std::size_t first = 0; first < second; ++first) {
      check_pair(policies, all[first], all[second], found);
    }
  }
  return found;
}

}  // namespace homeostat
