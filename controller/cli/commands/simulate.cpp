// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/commands/simulate.hpp"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controller/cli/policy_paths.hpp"
#include "controller/cli/text/simulate_text.hpp"
#include "controller/simulator/plant_words.hpp"
#include "controller/simulator/plants.hpp"
#include "controller/simulator/scenario_report.hpp"

namespace homeostat {
namespace {

constexpr int kHolds = 0;
constexpr int kFails = 1;
constexpr int kUnusable = 2;

struct Options {
  std::vector<std::string> scenarios;
  std::vector<std::string> policies;
  std::optional<std::uint32_t> seed;
  std::optional<int> runs;
  bool json = false;
};

PolicyContext context_of(const Scenario& scenario) {
  auto context = default_context();
  add_plant_words(context.words, *make_plant(scenario.plant, scenario.seed));
  return context;
}

/// Those of the command line, else the scenario's own, else the recommended ones, which are shipped
/// beside the scenarios' folder.
std::vector<std::string> policies_of(const Options& options, const Scenario& scenario,
                                     const std::string& file) {
  if (!options.policies.empty()) return options.policies;
  if (!scenario.policies.empty()) return scenario.policies;
  const auto folder = std::filesystem::path(file).parent_path();
  return {(folder / ".." / "recommended").lexically_normal().string()};
}

struct Prepared {
  Scenario scenario;
  PolicySet policies;
  std::vector<std::string> notes;
};

/// Errors are printed; nothing then.
std::optional<Prepared> prepare(const Options& options, const std::string& file) {
  auto load = load_scenario(file);
  print_findings(std::cerr, load.errors);
  if (!load.scenario) return std::nullopt;
  Prepared prepared;
  prepared.scenario = std::move(*load.scenario);
  auto& scenario = prepared.scenario;
  if (options.seed) scenario.seed = *options.seed;
  if (options.runs) scenario.runs = *options.runs;
  auto policies = load_named_policies(with_simulated(policies_of(options, scenario, file)),
                                      context_of(scenario), "; expected policies");
  print_findings(std::cerr, policies.errors);
  if (!policies.set) return std::nullopt;
  prepared.policies = fitted(std::move(*policies.set), scenario, prepared.notes);
  if (!prepared.policies.policies.empty()) return prepared;
  std::cerr << "homeostat: " << file << ": no policy is left to simulate\n";
  for (const auto& note : prepared.notes) std::cerr << "note: " << note << "\n";
  return std::nullopt;
}

/// The scenarios, in the order in which they were named.
std::optional<std::vector<Prepared>> prepare_all(const Options& options) {
  const auto named = sort_paths(options.scenarios);
  print_findings(std::cerr, named.errors);
  bool usable = named.errors.empty();
  auto files = named.policies;  // a scenario looks like no configuration
  files.insert(files.end(), named.configs.begin(), named.configs.end());
  std::vector<Prepared> all;
  for (const auto& file : files) {
    auto prepared = prepare(options, file);
    usable = usable && prepared;
    if (prepared) all.push_back(std::move(*prepared));
  }
  if (!usable) return std::nullopt;
  return all;
}

int run(const Options& options) {
  const auto prepared = prepare_all(options);
  if (!prepared) return kUnusable;
  std::vector<ScenarioReport> reports;
  bool holds = true;
  for (const auto& [scenario, policies, notes] : *prepared) {
    auto report = report_on(scenario, policies);
    if (!report.has_value()) {
      std::cerr << "homeostat: " << report.error().context << "\n";
      return kFails;
    }
    report->notes.insert(report->notes.begin(), notes.begin(), notes.end());
    holds = holds && report->holds();
    if (!options.json) {
      std::cout << (reports.empty() ? "" : "\n") << text::simulation(*report) << std::flush;
    }
    reports.push_back(std::move(*report));
  }
  if (options.json) std::cout << text::simulation_json(reports);
  return holds ? kHolds : kFails;
}

}  // namespace

void add_simulate_command(CLI::App& app, std::function<int()>& chosen) {
  const auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand(
      "simulate", "Try policies on a model of a database in trouble, on a virtual clock");
  command->add_option("SCENARIO", options->scenarios, "Files, or folders with them (*.yaml)")
      ->required();
  command
      ->add_option("--policies", options->policies,
                   "Files or folders of the policies to try; otherwise those that the scenario "
                   "names, or the recommended ones")
      ->type_name("PATH")
      ->allow_extra_args(false);
  command->add_option("--seed", options->seed, "Of the first run, instead of the scenario's")
      ->type_name("N");
  command->add_option("--runs", options->runs, "How many, each with the next seed")
      ->type_name("N")
      ->check(CLI::Range(1, 1000));
  command->add_flag("--json", options->json, "One JSON object instead of text");
  command->footer(
      "Decides with the daemon's own decide(), second by second: the plant goes wrong, the sensor\n"
      "sees it late and noisily, levers take their time. Policies in shadow are tried as if they\n"
      "acted. The same scenario, policies and seed give the same output, byte for byte.\n\n"
      "DETECTED and P95 are median and 95th percentile of the time from an incident's beginning "
      "to\n"
      "the policy's first act; PROTECTED is the share of incident time with a rung taken; "
      "RE-TRIPS\n"
      "are openings an incident after the first; PERIOD is that of an oscillation while nothing\n"
      "else changes.\n\n"
      "Exit status: 0; 1 when an expectation or an invariant does not hold, which is named, or "
      "when\n"
      "the plant diverges; 2 when a scenario or a policy cannot be loaded.\n\n"
      "Example:\n"
      "  homeostat simulate policies/scenarios\n"
      "  homeostat simulate policies/scenarios/lock-contention.yaml --policies policies/source\n"
      "  homeostat simulate my-scenario.yaml --policies new.yaml --seed 7 --runs 20 --json");
  command->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

}  // namespace homeostat
