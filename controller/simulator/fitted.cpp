// SPDX-License-Identifier: Apache-2.0
// Policies as a scenario runs them.
#include <algorithm>

#include "controller/simulator/plants.hpp"
#include "controller/simulator/simulation.hpp"

namespace homeostat {
namespace {

using Names = std::vector<std::string>;

bool has_signal(const Plant& plant, const std::string& signal) {
  const auto& samples = plant.samples();
  return std::any_of(samples.begin(), samples.end(),
                     [&](const Sample& sample) { return sample.signal == signal; });
}

void add_missing(const std::string& signal, const Plant& plant, Names& missing) {
  const bool named = std::find(missing.begin(), missing.end(), signal) != missing.end();
  if (!named && !has_signal(plant, signal)) missing.push_back(signal);
}

void add_missing(const Formula& formula, const Plant& plant, Names& missing) {
  for (const auto& input : formula.inputs) {
    if (input.record.empty()) {
      add_missing(input.signal, plant, missing);
    } else {
      add_missing(input.record.front(), plant, missing);
    }
  }
}

std::string joined(const Names& names) {
  std::string all;
  for (const auto& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

bool of_when(const Arm& arm) { return !arm.early; }

/// The signals of the arm that the plant does not have.
Names missing_of(const Arm& arm, const Plant& plant) {
  Names missing;
  if (arm.record.empty()) {
    add_missing(arm.signal, plant, missing);
  } else {
    add_missing(arm.record.front(), plant, missing);
  }
  return missing;
}

/// False: nothing of it is left.
bool fit(Policy& policy, const Plant& plant, std::vector<std::string>& notes) {
  Names missing;
  bool lacks_when = false;
  bool lacks_early = false;
  auto& [combination, arms] = policy.open;
  const bool conditional = std::any_of(arms.begin(), arms.end(), of_when);
  std::erase_if(arms, [&](const Arm& arm) {
    const auto of_arm = missing_of(arm, plant);
    for (const auto& name : of_arm) add_missing(name, plant, missing);
    if (!of_arm.empty()) (arm.early ? lacks_early : lacks_when) = true;
    return !of_arm.empty();
  });
  if (lacks_early && policy.job->early_needs_all) {
    std::erase_if(arms, [](const Arm& arm) { return arm.early; });
  }
  if (policy.regulator && policy.regulator->to) {
    add_missing(*policy.regulator->to, plant, missing);  // it has no arms
  }
  if (missing.empty()) return true;
  // Without its `when` a job would start for no reason.
  const bool at_will = conditional && std::none_of(arms.begin(), arms.end(), of_when);
  const bool gone = at_will || arms.empty() || (lacks_when && combination == Combination::all);
  notes.push_back("`" + policy.name + "` " + (gone ? "is not simulated" : "runs without an arm") +
                  ": the plant `" + plant.kind() + "` has no " + joined(missing));
  return !gone;
}

/// What is not simulated blocks nobody.
void drop_blockers(PolicySet& set, std::vector<std::string>& notes) {
  const auto there = [&set](const std::string& name) {
    return std::any_of(set.policies.begin(), set.policies.end(),
                       [&](const Policy& policy) { return policy.name == name; });
  };
  for (auto& policy : set.policies) {
    Names gone;
    std::erase_if(policy.blocked_while, [&](const std::string& name) {
      if (there(name)) return false;
      gone.push_back(name);
      return true;
    });
    if (gone.empty()) continue;
    notes.push_back("`" + policy.name + "` waits for no " + joined(gone) +
                    ", which is not simulated");
  }
}

}  // namespace

PolicySet fitted(PolicySet policies, const Scenario& scenario, std::vector<std::string>& notes) {
  const auto plant = make_plant(scenario.plant, scenario.seed);
  std::erase_if(policies.policies, [&](Policy& policy) {
    if (policy.mode == Mode::off) return true;
    if (policy.mode == Mode::canary) {
      notes.push_back("`" + policy.name + "` acts on everything here, not on its canary's share");
    }
    policy.mode = Mode::enforce;
    if (policy.job && policy.job->needs_approval) {
      policy.job->needs_approval = false;
      notes.push_back("`" + policy.name + "` is taken to be approved each time");
    }
    const bool regulator = policy.kind == PolicyKind::regulator;
    if (scenario.evaluate_every && !regulator) policy.every = *scenario.evaluate_every;
    return !fit(policy, *plant, notes);
  });
  drop_blockers(policies, notes);
  return policies;
}

}  // namespace homeostat
