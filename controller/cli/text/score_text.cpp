// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/text/score_text.hpp"

#include <algorithm>
#include <cstddef>

#include "controller/cli/text/quantity.hpp"

namespace homeostat::text {
namespace {

constexpr double kDay = 86'400;
constexpr std::size_t kOfOthers = 9;  // columns
constexpr std::size_t kOfJobs = 6;

std::string elapsed(const Elapsed& time) { return time ? seconds(*time) : "never"; }

std::string of_shares(const std::vector<Elapsed>& shares, double share_of_all) {
  return shares.empty() ? "-" : share(percentile(shares, share_of_all).value_or(0));
}

/// It detects no incident, takes nothing away and opens for a while only.
Row job_cells(const JobScore& job) {
  Row cells(kOfOthers, "-");
  cells.insert(cells.end(),
               {std::to_string(job.starts), std::to_string(job.parts), duration(job.ran),
                bytes(job.bytes), of_times(job.balanced, 0.5), of_times(job.balanced, 1)});
  return cells;
}

}  // namespace

std::string of_times(const std::vector<Elapsed>& times, double share_of_all) {
  return times.empty() ? "-" : elapsed(percentile(times, share_of_all));
}

double minutes_degraded_per_day(const PolicyScore& score, Duration simulated) {
  return to_seconds(score.degraded) / 60 / (to_seconds(simulated) / kDay);
}

bool has_jobs(const std::map<std::string, PolicyScore>& policies) {
  return std::any_of(policies.begin(), policies.end(),
                     [](const auto& entry) { return entry.second.job.has_value(); });
}

Row score_head(bool jobs) {
  Row head{"INCIDENTS", "DETECTED",       "P95",   "FALSE TRIPS/D", "RE-TRIPS", "PROTECTED",
           "FLAPS/D",   "DEGRADED MIN/D", "PERIOD"};
  if (jobs) head.insert(head.end(), {"RUNS", "PARTS", "RAN", "MOVED", "BALANCED IN", "WORST"});
  return head;
}

Row score_cells(const PolicyScore& score, Duration simulated, bool jobs) {
  if (score.job) return job_cells(*score.job);
  Row cells{std::to_string(score.detections.size()),
            of_times(score.detections, 0.5),
            of_times(score.detections, 0.95),
            two_decimals(false_trips_per_day(score, simulated)),
            two_decimals(retrips_per_incident(score)),
            score.detections.empty() ? "-" : share(protected_share(score)),
            two_decimals(flaps_per_day(score, simulated)),
            two_decimals(minutes_degraded_per_day(score, simulated)),
            score.period ? seconds(*score.period) : "-"};
  if (jobs) cells.insert(cells.end(), kOfJobs, "-");
  return cells;
}

Row service_head() {
  return {"CRITICAL BACK", "WORST", "FULL SERVICE", "WORST",
          "SETTLED",       "WORST", "OVER LIMIT",   "WORST"};
}

Row service_cells(const ServiceScore& score) {
  return {of_times(score.critical_back, 0.5), of_times(score.critical_back, 1),
          of_times(score.full_service, 0.5),  of_times(score.full_service, 1),
          of_times(score.settling, 0.5),      of_times(score.settling, 1),
          of_shares(score.overshoot, 0.5),    of_shares(score.overshoot, 1)};
}

const char* word(Severity severity) { return severity == Severity::failure ? "FAILED" : "warning"; }

std::string finding_text(const InvariantFinding& finding) {
  return std::string(word(finding.severity)) + ": invariant " + std::to_string(finding.invariant) +
         (finding.policy.empty() ? "" : ", `" + finding.policy + "`") + ": " + finding.text;
}

}  // namespace homeostat::text
