// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/incident.hpp"

#include <algorithm>

namespace homeostat {
namespace {

/// Longer than the longest hold and the stages after it: every incident starts with a closed
/// breaker.
constexpr Duration kApart = std::chrono::minutes{20};
/// Nothing happens before policies have seen what is normal.
constexpr Duration kQuietBeginning = std::chrono::minutes{10};

Incident made(const IncidentRule& rule, TimePoint begin, Random& random) {
  const double length = random.between(to_seconds(rule.shortest), to_seconds(rule.longest));
  return {begin, begin + from_seconds(length), rule.level, rule.kind, rule.harmless};
}

void add_random(std::vector<Incident>& incidents, const IncidentRule& rule, Duration run,
                Random& random) {
  if (rule.per_day <= 0) return;
  const double mean = 86'400.0 / rule.per_day;
  TimePoint at = TimePoint{} + kQuietBeginning;
  while (true) {
    at += from_seconds(random.exponential(mean));
    if (at.time_since_epoch() + rule.longest >= run) return;
    incidents.push_back(made(rule, at, random));
  }
}

}  // namespace

std::vector<Incident> schedule(const std::vector<IncidentRule>& rules, Duration run,
                               Random& random) {
  std::vector<Incident> incidents;
  for (const auto& rule : rules) {
    if (rule.at) {
      incidents.push_back(made(rule, TimePoint{} + *rule.at, random));
    } else {
      add_random(incidents, rule, run, random);
    }
  }
  std::stable_sort(incidents.begin(), incidents.end(),
                   [](const Incident& a, const Incident& b) { return a.begin < b.begin; });
  std::optional<TimePoint> free_from;
  std::erase_if(incidents, [&](const Incident& incident) {
    if (incident.harmless) return false;
    if (free_from && incident.begin < *free_from) return true;
    free_from = incident.end + kApart;
    return false;
  });
  return incidents;
}

}  // namespace homeostat
