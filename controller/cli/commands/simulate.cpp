// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/commands/simulate.hpp"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controller/cli/commands/simulate_sets.hpp"
#include "controller/cli/page/simulate_page.hpp"
#include "controller/cli/page/write_page.hpp"
#include "controller/cli/simulation_setup.hpp"
#include "controller/cli/text/simulate_text.hpp"
#include "controller/simulator/decision_digest.hpp"
#include "controller/simulator/scenario_report.hpp"
#include "controller/simulator/scenario_trace.hpp"

namespace homeostat {
namespace {

struct SimulateOptions {
  std::vector<std::string> scenarios;
  std::vector<std::string> policies;
  std::vector<std::string> compare;
  std::string html;
  ScenarioChanges changes;
  bool json = false;
  bool digest = false;
};

struct PreparedScenario {
  Scenario scenario;
  FittedPolicies policies;
};

/// Errors are printed; nothing then. Everything is loaded before anything runs. Scenarios for which
/// no policy is left are named and left out, but not all of them.
std::optional<std::vector<PreparedScenario>> prepare(const SimulateOptions& options,
                                                     std::vector<Scenario> scenarios) {
  std::vector<PreparedScenario> all;
  bool usable = true;
  for (auto& scenario : scenarios) {
    auto policies = load_for(scenario, policies_of(options.policies, scenario), false);
    usable = usable && policies;
    if (!policies) continue;
    if (policies->set.policies.empty()) {
      std::cerr << "homeostat: " << scenario.place.file
                << " is left out: no policy is left to simulate\n";
      for (const auto& note : policies->notes) std::cerr << "note: " << note << "\n";
      continue;
    }
    all.push_back({std::move(scenario), std::move(*policies)});
  }
  if (!usable || all.empty()) return std::nullopt;
  return all;
}

/// What --html adds for one scenario: a run of it once more, looked at.
Result<std::string> section_of(const PreparedScenario& prepared, const ScenarioReport& report) {
  const auto& [scenario, policies] = prepared;
  const auto trace = trace_of(scenario, policies.set, report);
  if (!trace.has_value()) return trace.error();
  return page::simulate_section(scenario, policies.set, report, *trace);
}

int fail(int status, const Error& error) {
  std::cerr << "homeostat: " << error.context << "\n";
  return status;
}

Result<ScenarioReport> report_of(const PreparedScenario& prepared, bool digest) {
  DecisionDigest seen;
  const Watch watch = [&seen](const SimulatedStep& step) { seen.see(step); };
  auto report = report_on(prepared.scenario, prepared.policies.set, digest ? watch : Watch{});
  if (!report.has_value()) return report;
  const auto& notes = prepared.policies.notes;
  report->notes.insert(report->notes.begin(), notes.begin(), notes.end());
  if (digest) report->digest = seen.text() + " of " + std::to_string(seen.ticks()) + " ticks";
  return report;
}

int simulate_all(const SimulateOptions& options, const std::vector<PreparedScenario>& prepared) {
  std::vector<ScenarioReport> reports;
  std::vector<std::string> sections;
  bool holds = true;
  for (const auto& each : prepared) {
    auto report = report_of(each, options.digest);
    if (!report.has_value()) return fail(kFails, report.error());
    holds = holds && report->holds();
    if (!options.json) {
      std::cout << (reports.empty() ? "" : "\n") << text::simulation(*report) << std::flush;
    }
    if (!options.html.empty()) {
      auto section = section_of(each, *report);
      if (!section.has_value()) return fail(kFails, section.error());
      sections.push_back(std::move(*section));
    }
    reports.push_back(std::move(*report));
  }
  if (options.json) std::cout << text::simulation_json(reports);
  if (!options.html.empty()) {
    const auto written = page::write_page(options.html, page::simulate_page(reports, sections));
    if (!written.has_value()) return fail(kUnusable, written.error());
  }
  return holds ? kHolds : kFails;
}

int run_simulate(const SimulateOptions& options) {
  if (!options.html.empty()) {
    const auto writable = page::check_page(options.html);
    if (!writable.has_value()) return fail(kUnusable, writable.error());
  }
  auto scenarios = load_scenarios(options.scenarios, options.changes);
  if (!scenarios) return kUnusable;
  if (!options.compare.empty()) {
    return compare_sets(*scenarios, options.policies, options.compare, options.json);
  }
  const auto prepared = prepare(options, std::move(*scenarios));
  return prepared ? simulate_all(options, *prepared) : kUnusable;
}

}  // namespace

void add_simulate_command(CLI::App& app, std::function<int()>& chosen) {
  const auto options = std::make_shared<SimulateOptions>();
  auto* command = app.add_subcommand(
      "simulate", "Try policies on a model of a database in trouble, on a virtual clock");
  command->add_option("SCENARIO", options->scenarios, "Files, or folders with them (*.yaml)")
      ->required();
  command
      ->add_option("--policies", options->policies,
                   "Files or folders of the policies to try; otherwise those that the scenario "
                   "names, or those in ../recommended beside it; may be repeated")
      ->type_name("PATH")
      ->allow_extra_args(false);
  auto* compare =
      command
          ->add_option("--compare", options->compare,
                       "Another policy set, a file or a folder: the figures of all sets side by "
                       "side, in one table; may be repeated")
          ->type_name("PATH")
          ->allow_extra_args(false);
  command
      ->add_option("--html", options->html,
                   "Also write one page with charts of signals, thresholds, states and actions")
      ->type_name("FILE")
      ->excludes(compare);
  command
      ->add_option("--seed", options->changes.seed, "Of the first run, instead of the scenario's")
      ->type_name("N");
  command->add_option("--runs", options->changes.runs, "How many, each with the next seed")
      ->type_name("N")
      ->check(CLI::Range(1, 1000));
  command
      ->add_flag("--digest", options->digest,
                 "Also print a digest of every verdict, effect, lever and memory of the first run: "
                 "the same for the same bytes")
      ->excludes(compare);
  command->add_flag("--json", options->json, "One JSON object instead of text");
  command->footer(
      "Decides with the daemon's own decide(), second by second: the plant goes wrong, the sensor\n"
      "sees it late and noisily, levers take their time. Policies in shadow or canary are tried "
      "as\n"
      "if they acted on everything, and jobs as if somebody said yes to each. The same scenario, "
      "policies and seed give the same output, byte for byte.\n\n"
      "DETECTED and P95 are median and 95th percentile of the time from an incident's beginning "
      "to\n"
      "the policy's first act; PROTECTED is the share of incident time with a rung taken; "
      "RE-TRIPS\n"
      "are openings an incident after the first, FALSE TRIPS those without one, FLAPS re-openings\n"
      "soon after a close; DEGRADED is the time with a rung taken; PERIOD is that of an "
      "oscillation while nothing\n"
      "else changes. Invariants: controller/simulator/README.md of the source tree.\n\n"
      "Exit status: 0; 1 when an expectation or an invariant does not hold, which is named, or "
      "when\n"
      "the plant diverges; 2 when a scenario or a policy cannot be loaded, or the page not be "
      "written.\n\n"
      "With --compare each set is simulated by itself, on the same incidents and draws of chance. "
      "What\n"
      "is expected, and the exit status, are about the first. The cluster's budget of forward acts "
      "and\n"
      "the storm brake are lifted for all of them: they belong to the daemon, and would hide what "
      "a\n"
      "hasty rule does.\n\n"
      "Example:\n"
      "  homeostat simulate policies/scenarios\n"
      "  homeostat simulate policies/scenarios/lock-contention.yaml --policies policies/source\n"
      "  homeostat simulate policies/scenarios --compare policies/source\n"
      "  homeostat simulate policies/scenarios --html simulation.html\n"
      "  homeostat simulate my-scenario.yaml --policies new.yaml --seed 7 --runs 20 --json");
  command->callback([options, &chosen] { chosen = [options] { return run_simulate(*options); }; });
}

}  // namespace homeostat
