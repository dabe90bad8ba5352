// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/expectations.hpp"

#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "policies/loader/scalars.hpp"

namespace homeostat {
namespace {

using loader::format_number;

std::string in_seconds(double value) { return format_number(value, 4) + "s"; }

class Judge {
 public:
  Judge(std::string about, ScenarioReport& report)
      : about_(std::move(about)), met_(report.met), missed_(report.missed) {}

  void at_most(const char* figure, const std::optional<double>& bound, double value) {
    if (bound)
      tell(value <= *bound, figure, format_number(value, 4), "at most " + format_number(*bound, 4));
  }
  void at_least(const char* figure, const std::optional<double>& bound, double value) {
    if (bound)
      tell(value >= *bound, figure, format_number(value, 4),
           "at least " + format_number(*bound, 4));
  }
  /// The time that a share of `times` needed.
  void at_most(const char* figure, const std::optional<Duration>& bound,
               const std::vector<Elapsed>& times, double share) {
    if (!bound) return;
    if (times.empty()) {
      missed_.push_back(about_ + "." + figure + ": nothing happened that it could be measured by");
      return;
    }
    const auto time = percentile(times, share);
    const double most = to_seconds(*bound);
    tell(time && *time <= most, figure, time ? in_seconds(*time) : "never",
         "at most " + in_seconds(most));
  }

 private:
  void tell(bool holds, const char* figure, const std::string& found, const std::string& expected) {
    auto& list = holds ? met_ : missed_;
    list.push_back(about_ + "." + figure + ": " + found + "; expected " + expected);
  }
  std::string about_;
  std::vector<std::string>& met_;
  std::vector<std::string>& missed_;
};

void judge_policy(const std::string& name, const PolicyBounds& bounds, ScenarioReport& report) {
  const auto found = report.policies.find(name);
  if (found == report.policies.end()) {
    report.missed.push_back(
        name + ": something is expected of it, and no policy of that name was " + "simulated");
    return;
  }
  const auto& score = found->second;
  Judge judge(name, report);
  judge.at_most("detect_median", bounds.detect_median, score.detections, 0.5);
  judge.at_most("detect_p95", bounds.detect_p95, score.detections, 0.95);
  judge.at_most("false_trips_per_day", bounds.false_trips_per_day,
                false_trips_per_day(score, report.simulated));
  judge.at_most("retrips_per_incident", bounds.retrips_per_incident, retrips_per_incident(score));
  judge.at_least("protected", bounds.protected_share, protected_share(score));
  judge.at_most("flaps_per_day", bounds.flaps_per_day, flaps_per_day(score, report.simulated));
  const auto runs = score.job ? score.job->balanced : std::vector<Elapsed>{};
  judge.at_most("balanced", bounds.balanced, runs, 1);
}

}  // namespace

void judge(const Scenario& scenario, ScenarioReport& report) {
  for (const auto& [name, bounds] : scenario.expect) judge_policy(name, bounds, report);
  const auto& service = report.service;
  Judge judge("service", report);
  judge.at_most("critical_back", scenario.service.critical_back, service.critical_back, 1);
  judge.at_most("full_service", scenario.service.full_service, service.full_service, 1);
  judge.at_most("settling", scenario.service.settling, service.settling, 1);
  const auto overshoot = service.overshoot.empty() ? Elapsed{0} : percentile(service.overshoot, 1);
  judge.at_most("overshoot", scenario.service.overshoot, overshoot.value_or(0));
  judge.at_least("calm_within", scenario.service.calm_within, calm_within(service));
}

}  // namespace homeostat
