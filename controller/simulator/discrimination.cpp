// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/discrimination.hpp"

#include <cmath>
#include <variant>

#include "policies/loader/scalars.hpp"

namespace homeostat {
namespace {

using loader::format_number;

constexpr double kFewest = 60;      // evaluations that say something about what is normal
constexpr double kFarEnough = 3.0;  // standard deviations

}  // namespace

Discrimination::Discrimination(const PolicySet& policies) {
  for (const auto& policy : policies.policies) {
    regular_[policy.name] = {policy.every};
    if (policy.kind == PolicyKind::job) continue;  // what it waits for comes slowly, not by chance
    for (std::size_t index = 0; index < policy.open.arms.size(); ++index) {
      const Arm& arm = policy.open.arms[index];
      Level level;
      if (const auto* cusum = std::get_if<CusumTest>(&arm.test)) {
        level.open = cusum->ref;
      } else if (const auto* test = std::get_if<LevelTest>(&arm.test)) {
        level.open = test->threshold;
        level.below = test->comparison == Comparison::below;
      } else {
        continue;  // a rise or an absence has no level that is normal
      }
      level.clear = arm.clear_level.value_or(level.open);
      levels_[{policy.name, index}] = level;
    }
  }
}

void Discrimination::see(const Verdict& verdict, bool quiet) {
  auto& regular = regular_.at(verdict.policy);
  if (!regular.first) regular.first = verdict.at;
  if ((verdict.at - *regular.first) % regular.every != Duration{}) return;
  if (!quiet || verdict.state != BreakerState::closed || verdict.step == Step::closed) return;
  for (std::size_t index = 0; index < verdict.evidence.size(); ++index) {
    const auto& judged = verdict.evidence[index].judged;
    if (!judged) continue;
    auto& seen = seen_[{verdict.policy, index}];
    ++seen.count;
    const double distance = *judged - seen.mean;
    seen.mean += distance / seen.count;
    seen.squares += distance * (*judged - seen.mean);
  }
}

std::vector<InvariantFinding> Discrimination::findings() const {
  std::vector<InvariantFinding> found;
  for (const auto& [key, level] : levels_) {
    const auto at = seen_.find(key);
    if (at == seen_.end() || at->second.count < kFewest) continue;
    const auto& seen = at->second;
    const double sigma = std::sqrt(seen.squares / (seen.count - 1));
    const double distance = level.below ? seen.mean - level.open : level.open - seen.mean;
    if (distance >= kFarEnough * sigma) continue;
    add(found, {1, Severity::warning, key.first,
                "cannot discriminate: it opens at " + format_number(level.open, 4) + ", only " +
                    format_number(distance / sigma, 4) + " standard deviations (" +
                    format_number(sigma, 4) + ") from what is normal (" +
                    format_number(seen.mean, 4) + "); 3 are needed"});
  }
  return found;
}

}  // namespace homeostat
