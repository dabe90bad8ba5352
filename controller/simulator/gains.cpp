// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/gains.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <variant>

#include "controller/simulator/plants.hpp"
#include "controller/simulator/regulator_trial.hpp"
#include "policies/loader/scalars.hpp"

namespace homeostat {
namespace {

using loader::format_number;

constexpr double kPi = 3.14159265358979323846;
constexpr int kSettling = 10;  // seconds before a response is measured
constexpr int kMeasured = 50;
constexpr int kTried = 8;            // parts of the bounds
constexpr double kTolerance = 1.05;  // what is measured is measured by chance

void check_aimd(const Policy& policy, const Scenario& scenario,
                std::vector<InvariantFinding>& found) {
  const auto& aimd = *policy.regulator->aimd;
  auto late = scenario.sensor.delay + scenario.lag;
  const auto& arms = policy.open.arms;
  const auto* const level = arms.empty() ? nullptr : std::get_if<LevelTest>(&arms.front().test);
  if (level != nullptr) late += level->hold_for.value_or((level->for_samples - 1) * policy.every);
  const int delay = static_cast<int>(std::ceil(to_seconds(late) / to_seconds(aimd.every)));
  const double gain = 1 - aimd.cut;
  const double largest = largest_gain(delay);
  if (gain <= largest / 2) return;
  const bool unstable = gain >= largest;
  add(found, {3, unstable ? Severity::failure : Severity::warning, policy.name,
              std::string(unstable ? "unstable gain: " : "little margin: ") + "a cut takes " +
                  format_number(gain, 3) + ", one each " + loader::format_duration(aimd.every) +
                  ", and is seen " + std::to_string(delay) + " of these later: less than " +
                  format_number(largest, 3) + " is stable, at most " +
                  format_number(largest / 2, 3) + " is sensible"});
}

/// What the plant shows, on average, while the lever stands there.
std::optional<std::vector<Sample>> response(const Scenario& scenario, const LeverKey& key,
                                            const LeverValue& value) {
  const auto plant = make_plant(scenario.plant, scenario.seed);
  const LeversInForce levers{{key, value}};
  std::vector<Sample> mean;
  for (int second = 0; second < kSettling + kMeasured; ++second) {
    if (!plant->advance(std::chrono::seconds{1}, {}, levers).has_value()) return std::nullopt;
    if (second == kSettling) mean = plant->samples();
    if (second <= kSettling) continue;
    for (std::size_t at = 0; at < mean.size(); ++at) {
      mean[at].numerator += plant->samples()[at].numerator;
      mean[at].denominator += plant->samples()[at].denominator;
    }
  }
  for (auto& sample : mean) {
    sample.numerator /= kMeasured;
    sample.denominator /= kMeasured;
    if (sample.denominator > 0) sample.quality = Quality::whole;
  }
  return mean;
}

/// Where the formula would set the lever that stands at `value`.
std::optional<double> answer(const PolicySet& policies, const Policy& policy,
                             const Scenario& scenario, double value) {
  auto standing = policy.ladder.front().value;
  const auto& argument = policy.regulator->argument;
  standing.arguments[argument] = value;
  const auto samples = response(scenario, regulated_key(policy), standing);
  const auto wanted = samples ? settled(policies, policy, *samples) : std::nullopt;
  if (!wanted) return std::nullopt;
  return std::get<double>(wanted->arguments.at(argument));
}

void check_formula(const PolicySet& policies, const Policy& policy, const Scenario& scenario,
                   std::vector<InvariantFinding>& found) {
  const auto& bounds = policy.regulator->bounds;
  const double part = (bounds.max - bounds.min) / kTried;
  if (part <= 0) return;
  std::optional<double> before = answer(policies, policy, scenario, bounds.min);
  for (int number = 1; number <= kTried && before; ++number) {
    const double value = bounds.min + number * part;
    const auto wanted = answer(policies, policy, scenario, value);
    if (!wanted) return;
    const double slope = (*wanted - *before) / part;
    const bool crosses = *before >= value - part && *wanted <= value;
    if (crosses && slope < -kTolerance) {
      add(found, {3, Severity::failure, policy.name,
                  "unstable gain: between " + format_number(value - part, 3) + " and " +
                      format_number(value, 3) + " it answers a deviation by " +
                      format_number(slope, 3) + " times as much; stable above -1"});
    }
    before = wanted;
  }
}

}  // namespace

double largest_gain(int delay) { return 2 * std::sin(kPi / (2 * (2 * delay + 1))); }

std::vector<InvariantFinding> check_gains(const PolicySet& policies, const Scenario& scenario) {
  std::vector<InvariantFinding> found;
  for (const auto& policy : policies.policies) {
    if (policy.kind != PolicyKind::regulator || !policy.regulator || policy.ladder.empty())
      continue;
    if (policy.regulator->aimd) check_aimd(policy, scenario, found);
    if (policy.regulator->to) check_formula(policies, policy, scenario, found);
  }
  return found;
}

}  // namespace homeostat
