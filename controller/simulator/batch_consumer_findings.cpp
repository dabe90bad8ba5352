// SPDX-License-Identifier: Apache-2.0
// Invariant 5: batches large enough for the rate, and a limit that drains what a stall leaves.
#include <algorithm>
#include <cmath>
#include <string>

#include "controller/simulator/batch_consumer.hpp"
#include "controller/simulator/regulator_trial.hpp"
#include "policies/loader/scalars.hpp"

namespace homeostat {
namespace {

using loader::format_number;

constexpr double kSpare = 5;  // times the batch: what a drain limit should allow

/// Where a batch_window policy leaves the lever.
struct Setting {
  double window = 0;
  std::optional<double> drain_limit;
};

Setting setting_of(const LeverValue& value) {
  const auto number = [&](const char* name) -> std::optional<double> {
    const auto at = value.arguments.find(name);
    if (at == value.arguments.end()) return std::nullopt;
    const auto* found = std::get_if<double>(&at->second);
    return found == nullptr ? std::nullopt : std::optional(*found);
  };
  return {number("window").value_or(0), number("drain_limit")};
}

/// What is wrong with it for a rate; empty when nothing is.
InvariantFinding judged(const BatchConsumerParameters& plant, const Setting& setting, double rate) {
  const double work = rate * plant.event_seconds;
  const double needed = rate * plant.batch_seconds / (1 - work);
  const double gathered = std::max(rate * setting.window, needed);
  const auto& limit = setting.drain_limit;
  const double most = limit.value_or(1 + rate * setting.window);
  const auto at = "at " + format_number(rate, 2) + " events a second a batch takes at most " +
                  format_number(most, 2) +
                  (limit ? " (drain_limit)" : " (the events of one window, for no drain_limit)");
  if (most < needed) {
    return {5, Severity::failure, "",
            "infeasible batch limit: " + at + ", and " + format_number(needed, 2) +
                " are needed to keep up: the backlog grows without end"};
  }
  if (most < kSpare * gathered) {
    return {5, Severity::warning, "",
            "little to drain a stall with: " + at + ", less than " + format_number(kSpare, 2) +
                " times the " + format_number(gathered, 2) + " of one batch"};
  }
  return {};
}

}  // namespace

std::vector<InvariantFinding> BatchConsumer::check(const PolicySet& policies) const {
  std::vector<InvariantFinding> found;
  for (const auto& policy : policies.policies) {
    const bool ours =
        policy.regulator && !policy.ladder.empty() && policy.ladder.front().lever == "batch_window";
    if (!ours) continue;
    const double longest = policy.regulator->bounds.max;
    const double most =
        std::max((1 - parameters_.batch_seconds / longest), 0.0) / parameters_.event_seconds;
    for (const auto& phase : parameters_.phases) {
      const double rate = phase.events_per_second;
      if (longest > 0 && rate >= most) {
        add(found, {5, Severity::failure, policy.name,
                    "infeasible rate: " + format_number(rate, 2) +
                        " events a second, and with windows of up to " + format_number(longest, 2) +
                        " s less than " + format_number(most, 2) + " can be written"});
        continue;
      }
      auto samples = samples_;
      samples[0].numerator = rate;
      samples[1].numerator = 0;
      samples[2].numerator = efficient_batch(rate, parameters_.batch_seconds);
      const auto value = settled(policies, policy, samples);
      if (!value) continue;
      auto finding = judged(parameters_, setting_of(*value), rate);
      if (finding.invariant == 0) continue;
      finding.policy = policy.name;
      add(found, std::move(finding));
    }
  }
  return found;
}

}  // namespace homeostat
