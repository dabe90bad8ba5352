// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/commands/simulate_sets.hpp"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <optional>
#include <utility>

#include "controller/cli/simulation_setup.hpp"
#include "controller/cli/text/comparison_text.hpp"

namespace homeostat {
namespace {

using Sets = std::vector<std::pair<std::string, std::vector<std::string>>>;

/// What it is called in the table: the last part of its path, as `recommended`.
std::string short_name(const std::string& path) {
  auto whole = std::filesystem::path(path).lexically_normal();
  if (!whole.has_filename()) whole = whole.parent_path();  // ends with a slash
  const auto name = whole.stem().string();
  return name.empty() || name == "." || name == ".." ? path : name;
}

std::string joined(const std::vector<std::string>& paths) {
  std::string names;
  for (const auto& path : paths) names += (names.empty() ? "" : "+") + short_name(path);
  return names;
}

Sets sets_of(const Scenario& scenario, const std::vector<std::string>& named,
             const std::vector<std::string>& compared) {
  const auto first = policies_of(named, scenario);
  Sets sets{{joined(first), first}};
  for (const auto& path : compared) {
    const auto name = short_name(path);
    const bool taken =
        std::any_of(sets.begin(), sets.end(), [&](const auto& set) { return set.first == name; });
    sets.push_back({taken ? path : name, {path}});
  }
  return sets;
}

struct Loaded {
  std::string set;
  FittedPolicies policies;
};

/// Everything that can be wrong is known before anything runs, which takes minutes.
std::optional<std::vector<Loaded>> load_sets(const Scenario& scenario, const Sets& sets) {
  std::vector<Loaded> loaded;
  for (const auto& [name, paths] : sets) {
    auto policies = load_for(scenario, paths, true);
    if (!policies) return std::nullopt;
    loaded.push_back({name, std::move(*policies)});
  }
  return loaded;
}

/// Errors are printed; nothing then. A set without a policy for this plant is left out.
std::optional<std::vector<text::SetReport>> run_sets(const Scenario& scenario,
                                                     const std::vector<Loaded>& sets) {
  std::vector<text::SetReport> reports;
  for (const auto& [name, policies] : sets) {
    if (policies.set.policies.empty()) continue;
    auto report = report_on(scenario, policies.set);
    if (!report.has_value()) {
      std::cerr << "homeostat: " << report.error().context << "\n";
      return std::nullopt;
    }
    report->notes.insert(report->notes.begin(), policies.notes.begin(), policies.notes.end());
    reports.push_back({name, std::move(*report)});
  }
  return reports;
}

}  // namespace

int compare_sets(const std::vector<Scenario>& scenarios, const std::vector<std::string>& named,
                 const std::vector<std::string>& compared, bool json) {
  std::vector<std::vector<Loaded>> loaded;
  for (const auto& scenario : scenarios) {
    auto sets = load_sets(scenario, sets_of(scenario, named, compared));
    if (!sets) return kUnusable;
    if (sets->front().policies.set.policies.empty()) {
      std::cerr << "homeostat: " << scenario.place.file << ": no policy of `" << sets->front().set
                << "` is left to simulate\n";
      return kUnusable;
    }
    loaded.push_back(std::move(*sets));
  }
  std::vector<std::vector<text::SetReport>> all;
  bool holds = true;
  for (std::size_t at = 0; at < scenarios.size(); ++at) {
    auto reports = run_sets(scenarios[at], loaded[at]);
    if (!reports) return kFails;
    holds = holds && reports->front().report.holds();
    if (!json) std::cout << (at == 0 ? "" : "\n") << text::comparison(*reports) << std::flush;
    all.push_back(std::move(*reports));
  }
  if (json) std::cout << text::comparison_json(all);
  return holds ? kHolds : kFails;
}

}  // namespace homeostat
