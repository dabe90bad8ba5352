// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/text/simulate_text.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "controller/cli/text/quantity.hpp"
#include "controller/cli/text/score_text.hpp"
#include "controller/cli/text/table.hpp"

namespace homeostat::text {
namespace {

using nlohmann::json;

std::string service(const ServiceScore& score) {
  const auto calm = "The plant: within its limit for " + share(calm_within(score)) +
                    " of the time without incidents.\n";
  if (score.settling.empty()) return calm;
  return calm + "The plant: critical work back after " + of_times(score.critical_back, 0.5) +
         " (worst " + of_times(score.critical_back, 1) + "), full service after " +
         of_times(score.full_service, 0.5) + " (worst " + of_times(score.full_service, 1) +
         "), both from the incident's end; settled after " + of_times(score.settling, 0.5) +
         " (worst " + of_times(score.settling, 1) + "); over its limit by " +
         share(*percentile(score.overshoot, 0.5)) + " (worst " +
         share(*percentile(score.overshoot, 1)) + ").\n";
}

json elapsed_json(const std::vector<Elapsed>& times) {
  json out = json::array();
  for (const auto& time : times) out.push_back(time ? json(*time) : json());
  return out;
}

/// Nothing that only means something of other kinds.
json job_json(const JobScore& job) {
  return {{"incidents", 0},           {"runs", job.starts},
          {"parts", job.parts},       {"ran_seconds", to_seconds(job.ran)},
          {"bytes_moved", job.bytes}, {"balanced_seconds", elapsed_json(job.balanced)}};
}

json policy_json(const PolicyScore& score, Duration simulated) {
  if (score.job) return job_json(*score.job);
  json out = {{"incidents", score.detections.size()},
              {"detection_seconds", elapsed_json(score.detections)},
              {"false_trips_per_day", false_trips_per_day(score, simulated)},
              {"retrips_per_incident", retrips_per_incident(score)},
              {"protected_share", protected_share(score)},
              {"flaps_per_day", flaps_per_day(score, simulated)},
              {"degraded_minutes_per_day", minutes_degraded_per_day(score, simulated)},
              {"openings", score.openings}};
  if (score.period) out["oscillation_period_seconds"] = *score.period;
  if (!score.detections.empty()) {
    const auto median = percentile(score.detections, 0.5);
    const auto p95 = percentile(score.detections, 0.95);
    out["detect_median_seconds"] = median ? json(*median) : json();
    out["detect_p95_seconds"] = p95 ? json(*p95) : json();
  }
  return out;
}

}  // namespace

json report_json(const ScenarioReport& report) {
  json out = {{"scenario", report.scenario},
              {"plant", report.plant},
              {"seed", report.seed},
              {"runs", report.runs},
              {"simulated_seconds", to_seconds(report.simulated)},
              {"holds", report.holds()},
              {"policies", json::object()},
              {"service",
               {{"critical_back_seconds", elapsed_json(report.service.critical_back)},
                {"full_service_seconds", elapsed_json(report.service.full_service)},
                {"settling_seconds", elapsed_json(report.service.settling)},
                {"overshoot", elapsed_json(report.service.overshoot)},
                {"calm_within_share", calm_within(report.service)}}},
              {"invariants", json::array()},
              {"met", report.met},
              {"missed", report.missed},
              {"notes", report.notes}};
  if (!report.digest.empty()) out["digest"] = report.digest;
  for (const auto& [name, score] : report.policies) {
    out["policies"][name] = policy_json(score, report.simulated);
  }
  for (const auto& finding : report.findings) {
    out["invariants"].push_back({{"invariant", finding.invariant},
                                 {"severity", word(finding.severity)},
                                 {"policy", finding.policy},
                                 {"text", finding.text}});
  }
  return out;
}

std::string simulation_heading(const ScenarioReport& report) {
  return report.scenario + ": plant " + report.plant + ", " + std::to_string(report.runs) +
         (report.runs == 1 ? " run" : " runs") + ", " + duration(report.simulated) +
         " of virtual time, seed " + std::to_string(report.seed);
}

std::string simulation(const ScenarioReport& report) {
  std::string out = simulation_heading(report) + "\n";
  for (const auto& note : report.notes) out += "note: " + note + "\n";
  Row head{"POLICY"};
  const bool jobs = has_jobs(report.policies);
  for (auto& name : score_head(jobs)) head.push_back(std::move(name));
  std::vector<Row> rows{std::move(head)};
  for (const auto& [name, score] : report.policies) {
    Row row{name};
    for (auto& cell : score_cells(score, report.simulated, jobs)) row.push_back(std::move(cell));
    rows.push_back(std::move(row));
  }
  out += table(rows) + service(report.service);
  for (const auto& finding : report.findings) out += finding_text(finding) + "\n";
  for (const auto& missed : report.missed) out += "FAILED: " + missed + "\n";
  if (!report.digest.empty()) out += "Digest of run 1: " + report.digest + "\n";
  return out + (report.holds() ? "All that is expected holds.\n" : "");
}

std::string simulation_json(const std::vector<ScenarioReport>& reports) {
  json out = {{"scenarios", json::array()}};
  for (const auto& report : reports) out["scenarios"].push_back(report_json(report));
  return out.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace homeostat::text
