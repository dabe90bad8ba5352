// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/scenario_keys.hpp"

#include <utility>

#include "controller/simulator/plants.hpp"

namespace homeostat::loader {
namespace {

const Pattern kName{"[a-z][a-z0-9-]{0,62}", "a lower-case name with dashes, such as lock-storm"};
const Pattern kWord{"[a-z][a-z0-9_]{0,62}", "a lower-case word"};
const Pattern kInstant{"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z",
                       "a time in UTC such as 2026-01-04T00:00:00Z"};
constexpr double kMonth = 31 * 86'400.0;

Key duration(std::string name, std::string help, Range range = at_least(0)) {
  return {.name = std::move(name),
          .type = Type::duration,
          .help = std::move(help),
          .range = std::move(range)};
}

Key share(std::string name, std::string fallback, std::string help, Range range) {
  return {.name = std::move(name),
          .type = Type::share,
          .fallback = std::move(fallback),
          .help = std::move(help),
          .range = std::move(range)};
}

Key number(std::string name, std::string help) {
  return {
      .name = std::move(name), .type = Type::number, .help = std::move(help), .range = at_least(0)};
}

Shape sensor_shape() {
  auto delay = duration("delay", "From a measurement to its arrival.", between(0, 60));
  delay.fallback = "0s";
  return {
      .name = "`sensor`",
      .help = "Between what the plant is and what decide() is told.",
      .keys = {std::move(delay),
               share("noise", "0%", "Standard deviation, as a share of the value.", between(0, 10)),
               share("missing", "0%", "Share of samples that are absent.", between(0, 1))}};
}

Shape actuator_shape() {
  auto lag = duration("lag", "From a decision to where it stands.", between(0, 600));
  lag.fallback = "1s";
  return {.name = "`actuator`", .keys = {std::move(lag)}};
}

Shape incident_shape() {
  const auto needs = [](std::string subject, std::string key) {
    return Rule{RuleKind::needs, {std::move(key)}, std::move(subject)};
  };
  return {.name = "an incident",
          .help = "At a fixed time (`at`, `for`) or at random (`per_day`, `shortest`, `longest`).",
          .keys = {duration("at", "When it begins, from the beginning of the run."),
                   duration("for", "How long it lasts.", more_than(0)),
                   {.name = "per_day",
                    .type = Type::number,
                    .help = "How many on average, at random times.",
                    .range = between(0, 1440)},
                   duration("shortest", "The length is uniform from this …", more_than(0)),
                   duration("longest", "… to this.", more_than(0)),
                   {.name = "level",
                    .type = Type::share,
                    .required = true,
                    .help = "How bad, in the plant's terms.",
                    .range = more_than(0)},
                   {.name = "kind", .help = "Of those that the plant knows.", .pattern = kWord},
                   {.name = "harmless",
                    .type = Type::boolean,
                    .fallback = "false",
                    .help = "A blip: a policy that acts on it is wrong."}},
          .rules = {{RuleKind::exactly_one, {"at", "per_day"}},
                    needs("at", "for"),
                    needs("for", "at"),
                    needs("per_day", "shortest"),
                    needs("per_day", "longest"),
                    needs("shortest", "per_day"),
                    needs("longest", "per_day")}};
}

Shape policy_bounds_shape() {
  return {.name = "the bounds of a policy",
          .keys = {duration("detect_median", "Time to detect, median, at most."),
                   duration("detect_p95", "Time to detect, 95th percentile, at most."),
                   number("false_trips_per_day", "Openings with no incident on, at most."),
                   number("retrips_per_incident", "Openings after the first one, at most."),
                   share("protected", "", "Of the time of incidents, at least.", between(0, 1)),
                   number("flaps_per_day", "Re-openings, at most."),
                   duration("balanced", "From a job's start until it is done, the longest.")}};
}

Shape service_shape() {
  return {
      .name = "`service`",
      .help = "What the plant must come to after each incident, in every run.",
      .keys = {duration("critical_back", "Until critical work is served again, at most."),
               duration("full_service", "Until all work is served again, at most."),
               duration("settling", "Until the controlled quantity stays within its limit."),
               share("overshoot", "", "Over the limit, as a share of it, at most.", at_least(0)),
               share("calm_within", "",
                     "Of the time without incidents, within the limit, at least.", between(0, 1))}};
}

Shape expect_shape() {
  return {.name = "`expect`",
          .help = "What must come out; otherwise the exit status is 1.",
          .keys = {{.name = "policies",
                    .type = Type::records,
                    .help = "Bounds by the name of the policy.",
                    .pattern = kName,
                    .shapes = {policy_bounds_shape()}},
                   {.name = "service", .type = Type::record, .shapes = {service_shape()}}}};
}

Key record(std::string name, std::string help, Shape shape, bool filled, bool required = false) {
  return {.name = std::move(name),
          .type = Type::record,
          .required = required,
          .help = std::move(help),
          .filled = filled,
          .shapes = {std::move(shape)}};
}

}  // namespace

Shape scenario_shape() {
  return {.name = "a scenario",
          .keys = {{.name = "version",
                    .type = Type::integer,
                    .required = true,
                    .help = "Of this format.",
                    .range = between(1, 1)},
                   {.name = "scenario", .required = true, .help = "Its name.", .pattern = kName},
                   {.name = "description", .help = "What it is about, for people."},
                   {.name = "seed",
                    .type = Type::integer,
                    .fallback = "1",
                    .help = "Of the first run; the others count on from it.",
                    .range = between(0, 4294967295.0)},
                   {.name = "begins",
                    .fallback = "2026-01-04T00:00:00Z",
                    .help = "The time of day at the beginning of each run, for windows of time.",
                    .pattern = kInstant},
                   {.name = "duration",
                    .type = Type::duration,
                    .required = true,
                    .help = "Of one run, in virtual time.",
                    .range = between(1, 12 * kMonth)},
                   {.name = "runs",
                    .type = Type::integer,
                    .fallback = "1",
                    .help = "How many, each with a seed of its own.",
                    .range = between(1, 1000)},
                   record("plant", "What is controlled: one kind.", plant_shape(), false, true),
                   record("sensor", "", sensor_shape(), true),
                   record("actuator", "", actuator_shape(), true),
                   {.name = "incidents",
                    .type = Type::record,
                    .list = true,
                    .help = "What goes wrong.",
                    .may_be_empty = true,
                    .shapes = {incident_shape()}},
                   {.name = "policies",
                    .list = true,
                    .help = "Files or folders; otherwise the recommended ones."},
                   duration("evaluate_every", "Instead of the policies' own `every`.",
                            between(1, 86'400)),
                   record("expect", "", expect_shape(), false)}};
}

}  // namespace homeostat::loader
