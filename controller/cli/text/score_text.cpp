// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/text/score_text.hpp"

#include "controller/cli/text/quantity.hpp"

namespace homeostat::text {
namespace {

constexpr double kDay = 86'400;

std::string elapsed(const Elapsed& time) { return time ? seconds(*time) : "never"; }

std::string of_shares(const std::vector<Elapsed>& shares, double share_of_all) {
  return shares.empty() ? "-" : share(percentile(shares, share_of_all).value_or(0));
}

}  // namespace

std::string of_times(const std::vector<Elapsed>& times, double share_of_all) {
  return times.empty() ? "-" : elapsed(percentile(times, share_of_all));
}

double minutes_degraded_per_day(const PolicyScore& score, Duration simulated) {
  return to_seconds(score.degraded) / 60 / (to_seconds(simulated) / kDay);
}

Row score_head() {
  return {"INCIDENTS", "DETECTED",       "P95",   "FALSE TRIPS/D", "RE-TRIPS", "PROTECTED",
          "FLAPS/D",   "DEGRADED MIN/D", "PERIOD"};
}

Row score_cells(const PolicyScore& score, Duration simulated) {
  return {std::to_string(score.detections.size()),
          of_times(score.detections, 0.5),
          of_times(score.detections, 0.95),
          two_decimals(false_trips_per_day(score, simulated)),
          two_decimals(retrips_per_incident(score)),
          score.detections.empty() ? "-" : share(protected_share(score)),
          two_decimals(flaps_per_day(score, simulated)),
          two_decimals(minutes_degraded_per_day(score, simulated)),
          score.period ? seconds(*score.period) : "-"};
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
