// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/scenario_trace.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace homeostat {
namespace {

constexpr Duration kStep = std::chrono::seconds{1};
constexpr Duration kBefore = std::chrono::minutes{3};
constexpr Duration kAfter = std::chrono::minutes{6};  // hold, and every stage of giving back
constexpr int kWorthIt = 4;                           // times as long must the run be

struct Window {
  Duration from{};
  Duration until{};
};

/// The number of the incident that took longest to detect; the first of equals.
std::optional<std::size_t> latest_detected(const Scenario& scenario, const RunScore& run) {
  std::optional<std::size_t> found;
  double longest = -1;
  for (const auto& [name, score] : run.policies) {
    if (!scenario.expect.empty() && !scenario.expect.contains(name)) continue;
    for (std::size_t number = 0; number < score.detections.size(); ++number) {
      const double took =
          score.detections[number].value_or(std::numeric_limits<double>::infinity());
      if (took <= longest) continue;
      longest = took;
      found = number;
    }
  }
  return found;
}

std::optional<Window> window_of(const Scenario& scenario, const ScenarioReport& report) {
  auto incidents = incidents_of(scenario, report.telling_run);
  std::erase_if(incidents, [](const Incident& incident) { return incident.harmless; });
  if (incidents.empty()) return std::nullopt;
  const auto number = latest_detected(scenario, report.telling).value_or(0);
  const auto& incident = incidents[std::min(number, incidents.size() - 1)];
  const auto begin = incident.begin.time_since_epoch() - kBefore;
  const auto end = incident.end.time_since_epoch() + kAfter;
  const Window window{std::max(begin, Duration{}), std::min(end, scenario.duration)};
  if ((window.until - window.from) * kWorthIt > scenario.duration) return std::nullopt;
  return window;
}

}  // namespace

Result<ScenarioTrace> trace_of(const Scenario& scenario, const PolicySet& policies,
                               const ScenarioReport& report) {
  const auto end = scenario.duration + kStep;  // the last step is at the end itself
  TraceRecorder whole(policies, {}, end, kStep);
  const auto window = window_of(scenario, report);
  std::optional<TraceRecorder> closer;
  if (window) closer.emplace(policies, window->from, window->until, kStep);
  const auto run = simulate(scenario, policies, report.telling_run, [&](const SimulatedStep& step) {
    whole.see(step);
    if (closer) closer->see(step);
  });
  if (!run.has_value()) return run.error();
  ScenarioTrace trace;
  trace.run = report.telling_run;
  trace.whole = whole.finish(scenario.duration);
  if (closer) trace.closer = closer->finish(window->until);
  return trace;
}

}  // namespace homeostat
