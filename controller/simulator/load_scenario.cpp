// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <utility>

#include "controller/loop/rfc3339.hpp"
#include "controller/simulator/plants.hpp"
#include "controller/simulator/scenario.hpp"
#include "controller/simulator/scenario_keys.hpp"
#include "policies/loader/findings.hpp"
#include "policies/loader/nearest.hpp"
#include "policies/loader/reader.hpp"
#include "policies/loader/scalars.hpp"
#include "policies/loader/yaml_tree.hpp"

namespace homeostat {
namespace loader {
namespace {

class ScenarioBuilder {
 public:
  ScenarioBuilder(const std::string& path, const Value& document, std::vector<Finding>& errors)
      : path_(path), document_(document), errors_(errors) {}

  Scenario build();

 private:
  void read_begin();
  void read_incidents();
  IncidentRule read_incident(const Value& value);
  void check_incident(const Value& value, const IncidentRule& rule);
  void read_policies();
  void read_expectations();
  void report(const Place& place, std::string message) {
    errors_.push_back({place, std::move(message)});
  }

  const std::string& path_;
  const Value& document_;
  std::vector<Finding>& errors_;
  Scenario scenario_;
};

void ScenarioBuilder::read_policies() {
  const auto* const policies = find(document_, "policies");
  if (policies == nullptr) return;
  const auto folder = std::filesystem::path(path_).parent_path();
  for (const auto& each : policies->children) {
    const auto* const text = std::get_if<std::string>(&each.scalar);
    if (text != nullptr) scenario_.policies.push_back((folder / *text).lexically_normal().string());
  }
}

/// The pattern lets through what no calendar has.
void ScenarioBuilder::read_begin() {
  const auto* const text = get<std::string>(document_, "begins");
  if (text == nullptr) return;
  if (const auto time = parse_rfc3339(*text)) {
    scenario_.begins = *time;
  } else {
    report(place_of(document_, "begins"), "`begins` names a time that does not exist: " + *text);
  }
}

void ScenarioBuilder::check_incident(const Value& value, const IncidentRule& rule) {
  if (!rule.at && rule.shortest > rule.longest) {
    report(place_of(value, "shortest"), "`shortest` is longer than `longest`");
  }
  if (rule.at && *rule.at + rule.longest > scenario_.duration) {
    report(place_of(value, "at"),
           "the incident ends after the run, which takes " + format_duration(scenario_.duration));
  }
  const auto worst = worst_level(scenario_.plant, rule.kind);
  if (rule.level > worst) {
    report(place_of(value, "level"), "`level` is " + format_number(rule.level) +
                                         "; this plant knows at most " + format_number(worst));
  }
  const auto kinds = incident_kinds(scenario_.plant);
  if (!rule.kind.empty() && std::find(kinds.begin(), kinds.end(), rule.kind) == kinds.end()) {
    report(place_of(value, "kind"), "this plant knows no incident of kind `" + rule.kind + "`; " +
                                        suggestion(rule.kind, kinds));
  }
}

IncidentRule ScenarioBuilder::read_incident(const Value& value) {
  IncidentRule rule;
  if (const auto* const at = get<Duration>(value, "at")) rule.at = *at;
  assign<double>(rule.per_day, value, "per_day");
  assign_duration(rule.shortest, value, rule.at ? "for" : "shortest");
  assign_duration(rule.longest, value, rule.at ? "for" : "longest");
  assign<double>(rule.level, value, "level");
  assign_text(rule.kind, value, "kind");
  assign<bool>(rule.harmless, value, "harmless");
  check_incident(value, rule);
  return rule;
}

void ScenarioBuilder::read_incidents() {
  const auto* const incidents = find(document_, "incidents");
  if (incidents == nullptr) return;
  for (const auto& value : incidents->children) {
    scenario_.incidents.push_back(read_incident(value));
  }
}

template <class T, class Target>
void assign_if_there(std::optional<Target>& target, const Value& record, std::string_view key) {
  if (const auto* const scalar = get<T>(record, key)) target = *scalar;
}

PolicyBounds read_policy_bounds(const Value& value) {
  PolicyBounds bounds;
  assign_if_there<Duration>(bounds.detect_median, value, "detect_median");
  assign_if_there<Duration>(bounds.detect_p95, value, "detect_p95");
  assign_if_there<double>(bounds.false_trips_per_day, value, "false_trips_per_day");
  assign_if_there<double>(bounds.retrips_per_incident, value, "retrips_per_incident");
  assign_if_there<double>(bounds.protected_share, value, "protected");
  assign_if_there<double>(bounds.flaps_per_day, value, "flaps_per_day");
  assign_if_there<Duration>(bounds.balanced, value, "balanced");
  return bounds;
}

void ScenarioBuilder::read_expectations() {
  const auto* const expect = find(document_, "expect");
  if (expect == nullptr) return;
  if (const auto* const policies = find(*expect, "policies")) {
    for (const auto& value : policies->children) {
      scenario_.expect[value.key] = read_policy_bounds(value);
    }
  }
  const auto* const service = find(*expect, "service");
  if (service == nullptr) return;
  auto& bounds = scenario_.service;
  assign_if_there<Duration>(bounds.critical_back, *service, "critical_back");
  assign_if_there<Duration>(bounds.full_service, *service, "full_service");
  assign_if_there<Duration>(bounds.settling, *service, "settling");
  assign_if_there<double>(bounds.overshoot, *service, "overshoot");
  assign_if_there<double>(bounds.calm_within, *service, "calm_within");
}

Scenario ScenarioBuilder::build() {
  scenario_.place = place_of(document_, "scenario");
  assign_text(scenario_.name, document_, "scenario");
  assign_text(scenario_.description, document_, "description");
  assign<std::int64_t>(scenario_.seed, document_, "seed");
  read_begin();
  assign_duration(scenario_.duration, document_, "duration");
  assign<std::int64_t>(scenario_.runs, document_, "runs");
  assign_if_there<Duration>(scenario_.evaluate_every, document_, "evaluate_every");
  if (const auto* const plant = find(document_, "plant")) {
    if (auto parameters = read_plant(*plant, errors_)) scenario_.plant = *parameters;
  }
  if (const auto* const sensor = find(document_, "sensor")) {
    assign_duration(scenario_.sensor.delay, *sensor, "delay");
    assign<double>(scenario_.sensor.noise, *sensor, "noise");
    assign<double>(scenario_.sensor.missing, *sensor, "missing");
  }
  if (const auto* const actuator = find(document_, "actuator")) {
    assign_duration(scenario_.lag, *actuator, "lag");
  }
  read_incidents();
  read_policies();
  read_expectations();
  return std::move(scenario_);
}

}  // namespace
}  // namespace loader

ScenarioLoad load_scenario(const std::string& path) {
  ScenarioLoad load;
  const auto yaml = loader::read_yaml(path);
  load.errors = yaml.errors;
  if (yaml.documents.size() > 1) {
    load.errors.push_back(
        {yaml.documents[1].place, "a scenario is one document; here begins another"});
  }
  if (!yaml.documents.empty()) {
    const auto document = loader::read_document(yaml.documents.front(),
                                                std::vector{loader::scenario_shape()}, load.errors);
    auto scenario = loader::ScenarioBuilder(path, document, load.errors).build();
    if (load.errors.empty()) load.scenario = std::move(scenario);
  }
  loader::put_in_order(load.errors, {path});
  return load;
}

}  // namespace homeostat
