// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/text/comparison_text.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "controller/cli/text/score_text.hpp"
#include "controller/cli/text/simulate_text.hpp"
#include "controller/cli/text/table.hpp"

namespace homeostat::text {
namespace {

using nlohmann::json;

Row joined(Row row, Row more) {
  for (auto& cell : more) row.push_back(std::move(cell));
  return row;
}

std::string policy_table(const std::vector<SetReport>& sets) {
  const bool jobs = has_jobs(sets.front().report.policies);
  std::vector<Row> rows{joined({"POLICY", "SET"}, score_head(jobs))};
  for (const auto& [name, score] : sets.front().report.policies) {
    auto shown = name;
    for (const auto& [set, report] : sets) {
      const auto found = report.policies.find(name);
      if (found == report.policies.end()) continue;
      rows.push_back(joined({shown, set}, score_cells(found->second, report.simulated, jobs)));
      shown.clear();  // once
    }
  }
  return table(rows);
}

std::string plant_table(const std::vector<SetReport>& sets) {
  if (sets.front().report.service.settling.empty()) return {};
  std::vector<Row> rows{joined({"PLANT", "SET"}, service_head())};
  auto shown = sets.front().report.plant;
  for (const auto& [set, report] : sets) {
    rows.push_back(joined({shown, set}, service_cells(report.service)));
    shown.clear();
  }
  return table(rows);
}

std::string others(const ScenarioReport& report, const ScenarioReport& first) {
  std::string names;
  for (const auto& [name, score] : report.policies) {
    if (!first.policies.contains(name)) names += (names.empty() ? "" : ", ") + name;
  }
  return names;
}

/// What is to be said about a set, besides its figures.
std::string remarks(const SetReport& set, const ScenarioReport& first) {
  const auto& report = set.report;
  std::string out;
  for (const auto& note : report.notes) out += set.set + ": note: " + note + "\n";
  const auto more = others(report, first);
  if (!more.empty()) out += set.set + ": note: it also has " + more + "\n";
  for (const auto& finding : report.findings) {
    const bool of_plant = finding.policy.empty();  // and so of every set
    if (of_plant ? &report != &first : !first.policies.contains(finding.policy)) continue;
    out += (of_plant ? "" : set.set + ": ") + finding_text(finding) + "\n";
  }
  return out;
}

}  // namespace

std::string comparison(const std::vector<SetReport>& sets) {
  const auto& first = sets.front().report;
  auto out = simulation_heading(first) + "\n" + policy_table(sets) + plant_table(sets);
  for (const auto& set : sets) out += remarks(set, first);
  for (const auto& missed : first.missed) out += sets.front().set + ": FAILED: " + missed + "\n";
  if (first.holds()) out += sets.front().set + ": all that is expected holds.\n";
  return out;
}

std::string comparison_json(const std::vector<std::vector<SetReport>>& scenarios) {
  json out = {{"scenarios", json::array()}};
  for (const auto& sets : scenarios) {
    json of_one = {{"scenario", sets.front().report.scenario}, {"sets", json::array()}};
    for (const auto& [set, report] : sets) {
      of_one["sets"].push_back({{"set", set}, {"report", report_json(report)}});
    }
    out["scenarios"].push_back(std::move(of_one));
  }
  return out.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace homeostat::text
