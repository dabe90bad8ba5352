// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/page/simulate_page.hpp"

#include <utility>

#include "controller/cli/page/markup.hpp"
#include "controller/cli/page/trace_charts.hpp"
#include "controller/cli/text/score_text.hpp"
#include "controller/cli/text/simulate_text.hpp"

namespace homeostat::page {
namespace {

std::string verdict(const ScenarioReport& report) {
  return report.holds() ? element("span", "holds", "good")
                        : element("span", "does not hold", "bad");
}

std::string findings(const ScenarioReport& report) {
  std::string out;
  for (const auto& missed : report.missed) out += element("li", "FAILED: " + missed, "bad") + "\n";
  for (const auto& finding : report.findings) {
    const bool failed = finding.severity == Severity::failure;
    out += element("li", text::finding_text(finding), failed ? "bad" : "warn") + "\n";
  }
  for (const auto& met : report.met) out += element("li", "holds: " + met, "good") + "\n";
  for (const auto& note : report.notes) out += element("li", "note: " + note, "quiet") + "\n";
  return out.empty() ? out : "<ul>\n" + out + "</ul>\n";
}

text::Row joined(text::Row row, text::Row more) {
  for (auto& cell : more) row.push_back(std::move(cell));
  return row;
}

std::string figures(const ScenarioReport& report) {
  const bool jobs = text::has_jobs(report.policies);
  std::vector<text::Row> rows{joined({"POLICY"}, text::score_head(jobs))};
  for (const auto& [name, score] : report.policies) {
    rows.push_back(joined({name}, text::score_cells(score, report.simulated, jobs)));
  }
  auto out = html_table(rows);
  if (report.service.settling.empty()) return out;
  return out + html_table({joined({"PLANT"}, text::service_head()),
                           joined({report.plant}, text::service_cells(report.service))});
}

/// Which run is drawn, and why that one.
std::string run_title(const ScenarioReport& report) {
  const auto number = std::to_string(report.telling_run + 1);
  const auto run = "Run " + number + " of " + std::to_string(report.runs) + ", seed " +
                   std::to_string(report.seed + static_cast<std::uint64_t>(report.telling_run));
  return report.telling_run == 0 ? run : run + ": the first that misses something by itself";
}

}  // namespace

std::string simulate_section(const Scenario& scenario, const PolicySet& policies,
                             const ScenarioReport& report, const ScenarioTrace& trace) {
  auto out = "<section>\n<h2>" + escaped(report.scenario) + ": " + verdict(report) + "</h2>\n";
  if (!scenario.description.empty()) out += element("p", scenario.description) + "\n";
  out += element("p", text::simulation_heading(report), "quiet") + "\n";
  out += findings(report) + figures(report);
  out += element("h3", run_title(report)) + "\n";
  out += trace_charts(trace.whole, policies, Times::of_run);
  if (!trace.closer) return out + action_list(trace.whole, Times::of_run) + "</section>\n";
  const auto from = time_text(Times::of_run, trace.closer->from);
  out +=
      element("h3", "Closer, from " + from + ": the incident that was detected the latest") + "\n";
  return out + trace_charts(*trace.closer, policies, Times::of_run) +
         action_list(*trace.closer, Times::of_run) + "</section>\n";
}

std::string simulate_page(const std::vector<ScenarioReport>& reports,
                          const std::vector<std::string>& sections) {
  std::string body = "<ul>\n";
  for (const auto& report : reports) {
    body += "<li>" + escaped(report.scenario) + ": " + verdict(report) + "</li>\n";
  }
  body += "</ul>\n";
  for (const auto& section : sections) body += section;
  return document("homeostat simulate", body);
}

}  // namespace homeostat::page
