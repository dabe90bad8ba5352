// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/simulation_setup.hpp"

#include <filesystem>
#include <iostream>
#include <limits>
#include <utility>

#include "controller/cli/policy_paths.hpp"
#include "controller/simulator/plant_words.hpp"
#include "controller/simulator/plants.hpp"
#include "controller/simulator/simulation.hpp"

namespace homeostat {
namespace {

PolicyContext context_of(const Scenario& scenario) {
  auto context = default_context();
  add_plant_words(context.words, *make_plant(scenario.plant, scenario.seed));
  return context;
}

/// Where the recommended policies are, seen from a scenario of the source tree.
std::string default_folder(const Scenario& scenario) {
  const auto folder = std::filesystem::path(scenario.place.file).parent_path();
  return (folder / ".." / "recommended").lexically_normal().string();
}

/// Said before the loader says of a path that nobody has named that it is not there.
bool without_policies(const Scenario& scenario, const std::vector<std::string>& paths) {
  const auto folder = default_folder(scenario);
  if (!scenario.policies.empty() || paths != std::vector{folder}) return false;
  if (std::filesystem::exists(folder)) return false;
  std::cerr << "homeostat: " << scenario.place.file
            << " names no `policies`, and there are none in " << folder << ": give --policies\n";
  return true;
}

}  // namespace

std::vector<std::string> policies_of(const std::vector<std::string>& named,
                                     const Scenario& scenario) {
  if (!named.empty()) return named;
  if (!scenario.policies.empty()) return scenario.policies;
  return {default_folder(scenario)};
}

std::optional<std::vector<Scenario>> load_scenarios(const std::vector<std::string>& paths,
                                                    const ScenarioChanges& changes) {
  const auto named = sort_paths(paths);
  print_findings(std::cerr, named.errors);
  bool usable = named.errors.empty();
  auto files = named.policies;  // a scenario looks like no configuration
  files.insert(files.end(), named.configs.begin(), named.configs.end());
  std::vector<Scenario> scenarios;
  for (const auto& file : files) {
    auto load = load_scenario(file);
    print_findings(std::cerr, load.errors);
    usable = usable && load.scenario;
    if (!load.scenario) continue;
    scenarios.push_back(std::move(*load.scenario));
    if (changes.seed) scenarios.back().seed = *changes.seed;
    if (changes.runs) scenarios.back().runs = *changes.runs;
  }
  if (!usable) return std::nullopt;
  return scenarios;
}

std::optional<FittedPolicies> load_for(const Scenario& scenario,
                                       const std::vector<std::string>& paths, bool lift_limits) {
  if (without_policies(scenario, paths)) return std::nullopt;
  auto load = load_named_policies(paths, context_of(scenario), "; expected policies");
  print_findings(std::cerr, load.errors);
  if (!load.set) return std::nullopt;
  FittedPolicies policies;
  policies.set = fitted(std::move(*load.set), scenario, policies.notes);
  if (lift_limits) {
    policies.set.settings.cluster_per_hour = std::numeric_limits<int>::max();
    policies.set.settings.brake_acts = std::numeric_limits<int>::max();
    policies.set.settings.sessions_per_hour = std::numeric_limits<int>::max();
    policies.set.settings.bytes_per_day.reset();
  }
  return policies;
}

}  // namespace homeostat
