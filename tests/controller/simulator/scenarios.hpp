// SPDX-License-Identifier: Apache-2.0
// Scenarios for tests, as texts and as values.
#pragma once

#include <string>
#include <vector>

#include "controller/simulator/scenario.hpp"
#include "tests/policies/engine/world.hpp"
#include "tests/support/scratch_directory.hpp"
#include "tests/support/text_file.hpp"

namespace homeostat::testing {

/// A scenario that loads; `more` is put after it.
inline std::string scenario_text(const std::string& more = {}) {
  return "version: 1\n"
         "scenario: trial\n"
         "duration: 1h\n"
         "plant: {lock_contention: {least_open: 30, most_open: 40}}\n" +
         more;
}

inline ScenarioLoad load_text(const std::string& text) {
  const ScratchDirectory folder;
  const auto file = folder.path() + "/trial.yaml";
  write_file(file, text);
  auto load = load_scenario(file);
  for (auto& error : load.errors) error.place.file = "trial.yaml";
  return load;
}

inline std::vector<std::string> errors_in(const std::string& text) {
  std::vector<std::string> texts;
  for (const auto& error : load_text(text).errors) texts.push_back(to_text(error));
  return texts;
}

/// What is wrong first; empty when the text loads.
inline std::string first_error_in(const std::string& text) {
  const auto errors = errors_in(text);
  return errors.empty() ? std::string() : errors.front();
}

/// An hour of lock contention on a busy server with an incident of ten minutes.
inline Scenario contention() {
  Scenario scenario;
  scenario.name = "trial";
  scenario.duration = std::chrono::hours{1};
  LockContentionParameters plant;
  plant.least_open = 60;
  plant.most_open = 80;
  scenario.plant = plant;
  IncidentRule rule;
  rule.at = std::chrono::minutes{20};
  rule.shortest = rule.longest = std::chrono::minutes{10};
  rule.level = 0.41;
  scenario.incidents = {rule};
  return scenario;
}

/// Ten minutes of the lock storm of half a minute.
inline Scenario storm() {
  Scenario scenario;
  scenario.name = "storm";
  scenario.duration = std::chrono::minutes{8};
  scenario.plant = LockStormParameters{};
  IncidentRule rule;
  rule.at = std::chrono::minutes{2};
  rule.shortest = rule.longest = std::chrono::seconds{30};
  rule.level = 0.3;
  scenario.incidents = {rule};
  return scenario;
}

/// Five minutes of a consumer of so many events a second.
inline Scenario batches(double events_per_second) {
  Scenario scenario;
  scenario.name = "batches";
  scenario.duration = std::chrono::minutes{5};
  BatchConsumerParameters plant;
  plant.phases = {{std::chrono::hours{1}, events_per_second}};
  scenario.plant = plant;
  return scenario;
}

inline PolicySet one_breaker(Policy policy = circuit_breaker()) {
  return World{{std::move(policy)}}.set;
}

}  // namespace homeostat::testing
