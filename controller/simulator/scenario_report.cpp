// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/scenario_report.hpp"

#include <algorithm>
#include <utility>

#include "controller/simulator/expectations.hpp"
#include "controller/simulator/invariants.hpp"
#include "controller/simulator/plants.hpp"
#include "policies/loader/scalars.hpp"

namespace homeostat {

bool ScenarioReport::holds() const {
  return missed.empty() &&
         std::none_of(findings.begin(), findings.end(), [](const InvariantFinding& finding) {
           return finding.severity == Severity::failure;
         });
}

namespace {

void collect(ScenarioReport& report, const RunScore& run) {
  report.simulated += run.simulated;
  for (const auto& [name, score] : run.policies) add(report.policies[name], score);
  add(report.service, run.service);
  for (const auto& finding : run.findings) add(report.findings, finding);
}

/// Once: figures of what was stopped in the middle must not be taken for a success.
void note_brake(ScenarioReport& report, const RunScore& run, int number) {
  if (!run.braked || !report.notes.empty()) return;
  const auto since = loader::format_duration(run.braked->time_since_epoch());
  report.notes.push_back("the storm brake came on " + since + " after the beginning of run " +
                         std::to_string(number + 1) +
                         ": too many acts, and nothing moved forward from then on");
}

bool holds_alone(const Scenario& scenario, const RunScore& run) {
  ScenarioReport report;
  collect(report, run);
  judge(scenario, report);
  return report.holds();
}

}  // namespace

Result<ScenarioReport> report_on(const Scenario& scenario, const PolicySet& policies,
                                 const Watch& watch) {
  ScenarioReport report;
  report.scenario = scenario.name;
  report.seed = scenario.seed;
  report.runs = scenario.runs;
  const auto plant = make_plant(scenario.plant, scenario.seed);
  report.plant = plant->kind();
  report.findings = check_invariants(policies, scenario, *plant);
  bool missed = false;
  for (int number = 0; number < scenario.runs; ++number) {
    auto run = simulate(scenario, policies, number, number == 0 ? watch : Watch{});
    if (!run.has_value()) {
      auto error = run.error();
      error.context = "scenario `" + scenario.name + "`, seed " +
                      std::to_string(scenario.seed + static_cast<std::uint64_t>(number)) + ": " +
                      error.context;
      return error;
    }
    collect(report, *run);
    note_brake(report, *run, number);
    const bool misses = !missed && !holds_alone(scenario, *run);
    missed = missed || misses;
    if (number > 0 && !misses) continue;
    report.telling_run = number;
    report.telling = std::move(*run);
  }
  judge(scenario, report);
  return report;
}

}  // namespace homeostat
