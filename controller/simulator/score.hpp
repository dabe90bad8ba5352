// SPDX-License-Identifier: Apache-2.0
// What policies came to in a simulation, held against what really was: figures that can be summed
// over runs.
#pragma once

#include <optional>
#include <vector>

#include "policies/model/time.hpp"

namespace homeostat {

/// A time in seconds, or nothing: it never came.
using Elapsed = std::optional<double>;

/// Of one job, over all its subjects.
struct JobScore {
  int starts = 0;    ///< runs
  int parts = 0;     ///< of runs: each start, and each time that one was resumed
  Duration ran{};    ///< of all parts
  double bytes = 0;  ///< moved
  /// Of each run, from its start until it was finished, the time between its parts included.
  std::vector<Elapsed> balanced;
};

/// Of one policy, over all its subjects.
struct PolicyScore {
  std::vector<Elapsed> detections;  ///< of each incident, from its beginning to the first act
  int false_trips = 0;              ///< openings and re-openings with no incident on
  int retrips = 0;                  ///< openings and re-openings in an incident after the first
  int openings = 0;
  int flaps = 0;        ///< as Account counts them
  Duration degraded{};  ///< while a rung was taken
  Duration incident_time{};
  Duration protected_time{};     ///< of it, while a rung was taken
  std::optional<double> period;  ///< seconds, of an oscillation under unchanging conditions
  std::optional<JobScore> job;   ///< of kind job, which has nothing of the above but openings
};

/// Of the plant, whichever policy did it.
struct ServiceScore {
  std::vector<Elapsed> critical_back;  ///< after each incident, from its end
  std::vector<Elapsed> full_service;   ///< the same for all work
  std::vector<Elapsed> settling;       ///< from each incident's beginning
  std::vector<Elapsed> overshoot;      ///< no times: the peak over the limit, as a share of it
  int calm = 0;                        ///< steps while nothing went wrong, or had just done so
  int calm_within = 0;                 ///< of them, with the controlled quantity within its limit
};

void add(PolicyScore& total, const PolicyScore& run);
void add(ServiceScore& total, const ServiceScore& run);

/// The value below which a share of all lies (nearest rank); nothing when that one never came.
/// REQUIRES: not empty, 0 < share <= 1.
Elapsed percentile(std::vector<Elapsed> values, double share);

/// Derived figures, of a policy that was simulated for `simulated`.
double false_trips_per_day(const PolicyScore& score, Duration simulated);
double flaps_per_day(const PolicyScore& score, Duration simulated);
double retrips_per_incident(const PolicyScore& score);  ///< 0 without incidents
double protected_share(const PolicyScore& score);       ///< 1 without incidents
double calm_within(const ServiceScore& score);          ///< 1 when it was never calm

}  // namespace homeostat
