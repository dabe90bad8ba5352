// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/score.hpp"

#include <algorithm>
#include <cmath>

namespace homeostat {
namespace {

void append(std::vector<Elapsed>& total, const std::vector<Elapsed>& more) {
  total.insert(total.end(), more.begin(), more.end());
}

double per_day(int count, Duration simulated) {
  const double days = to_seconds(simulated) / 86'400;
  return days > 0 ? count / days : 0;
}

}  // namespace

void add(PolicyScore& total, const PolicyScore& run) {
  append(total.detections, run.detections);
  total.false_trips += run.false_trips;
  total.retrips += run.retrips;
  total.openings += run.openings;
  total.flaps += run.flaps;
  total.degraded += run.degraded;
  total.incident_time += run.incident_time;
  total.protected_time += run.protected_time;
  if (!total.period) total.period = run.period;
  if (!run.job) return;
  if (!total.job) total.job.emplace();
  total.job->starts += run.job->starts;
  total.job->parts += run.job->parts;
  total.job->ran += run.job->ran;
  total.job->bytes += run.job->bytes;
  append(total.job->balanced, run.job->balanced);
}

void add(ServiceScore& total, const ServiceScore& run) {
  append(total.critical_back, run.critical_back);
  append(total.full_service, run.full_service);
  append(total.settling, run.settling);
  append(total.overshoot, run.overshoot);
  total.calm += run.calm;
  total.calm_within += run.calm_within;
}

Elapsed percentile(std::vector<Elapsed> values, double share) {
  std::sort(values.begin(), values.end(), [](const Elapsed& a, const Elapsed& b) {
    return a && (!b || *a < *b);  // what never came is the longest
  });
  const auto rank = std::ceil(share * static_cast<double>(values.size()));
  return values[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

double false_trips_per_day(const PolicyScore& score, Duration simulated) {
  return per_day(score.false_trips, simulated);
}

double flaps_per_day(const PolicyScore& score, Duration simulated) {
  return per_day(score.flaps, simulated);
}

double retrips_per_incident(const PolicyScore& score) {
  const auto incidents = score.detections.size();
  return incidents == 0 ? 0 : score.retrips / static_cast<double>(incidents);
}

double calm_within(const ServiceScore& score) {
  return score.calm == 0 ? 1 : static_cast<double>(score.calm_within) / score.calm;
}

double protected_share(const PolicyScore& score) {
  if (score.incident_time <= Duration{}) return 1;
  return to_seconds(score.protected_time) / to_seconds(score.incident_time);
}

}  // namespace homeostat
