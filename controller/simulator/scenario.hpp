// SPDX-License-Identifier: Apache-2.0
// A scenario: a plant, what goes wrong with it, what is seen of it, and what policies must achieve.
// Plain values; read from YAML by load_scenario().
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "controller/simulator/batch_consumer.hpp"
#include "controller/simulator/incident.hpp"
#include "controller/simulator/lock_contention.hpp"
#include "controller/simulator/lock_storm.hpp"
#include "controller/simulator/sensor.hpp"
#include "controller/simulator/shards.hpp"
#include "controller/simulator/zones.hpp"
#include "policies/loader/loader.hpp"
#include "policies/model/error.hpp"

namespace homeostat {

/// One alternative a kind of plant.
using PlantParameters = std::variant<LockContentionParameters, LockStormParameters,
                                     BatchConsumerParameters, ShardsParameters, ZonesParameters>;

/// What one policy must achieve over all runs; a bound that is not given is not checked.
struct PolicyBounds {
  std::optional<Duration> detect_median;       ///< at most
  std::optional<Duration> detect_p95;          ///< at most; a missed incident counts as for ever
  std::optional<double> false_trips_per_day;   ///< at most
  std::optional<double> retrips_per_incident;  ///< at most
  std::optional<double> protected_share;       ///< at least; of the time of incidents
  std::optional<double> flaps_per_day;         ///< at most
  std::optional<Duration> balanced;            ///< at most; of a job, see JobScore
  friend bool operator==(const PolicyBounds&, const PolicyBounds&) = default;
};

/// What the plant must come to, whichever policy did it, after each incident and in every run.
struct ServiceBounds {
  std::optional<Duration> critical_back;  ///< at most, from the incident's end
  std::optional<Duration> full_service;   ///< at most, from the incident's end
  std::optional<Duration> settling;       ///< at most, from the incident's beginning
  std::optional<double> overshoot;        ///< at most; over the limit, as a share of it
  std::optional<double> calm_within;      ///< at least; share of the time without incidents
  friend bool operator==(const ServiceBounds&, const ServiceBounds&) = default;
};

struct Scenario {
  std::string name;
  std::string description;
  std::uint64_t seed = 1;
  /// Wall time at the beginning of each run: by default the first Sunday of 2026.
  WallTime begins{std::chrono::sys_days{std::chrono::year{2026} / 1 / 4}};
  Duration duration = std::chrono::hours{24};  ///< of one run
  int runs = 1;                                ///< each with a seed of its own
  PlantParameters plant;
  SensorSettings sensor;
  Duration lag = std::chrono::seconds{1};  ///< of the actuator
  std::vector<IncidentRule> incidents;
  std::vector<std::string> policies;       ///< files or folders; empty: the recommended ones
  std::optional<Duration> evaluate_every;  ///< instead of the policies' own `every`
  std::map<std::string, PolicyBounds> expect;
  ServiceBounds service;
  Place place;
};

struct ScenarioLoad {
  std::optional<Scenario> scenario;  ///< nothing when there are errors
  std::vector<Finding> errors;
};

/// Reads one file. Relative paths in it are relative to its folder.
ScenarioLoad load_scenario(const std::string& path);

}  // namespace homeostat
