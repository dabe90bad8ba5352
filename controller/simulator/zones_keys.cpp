// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/zones_keys.hpp"

#include <cstdint>
#include <utility>

namespace homeostat::loader {
namespace {

Key count(std::string name, std::string fallback, std::string help) {
  return {.name = std::move(name),
          .type = Type::integer,
          .fallback = std::move(fallback),
          .help = std::move(help),
          .range = between(1, 10'000)};
}

Key duration(std::string name, std::string fallback, std::string help) {
  return {.name = std::move(name),
          .type = Type::duration,
          .fallback = std::move(fallback),
          .help = std::move(help),
          .range = between(0.0001, 600)};
}

}  // namespace

Shape zones_shape() {
  return {
      .name = "`zones`",
      .help = "Zones that share workers: one that does not answer takes them from the others.",
      .keys = {count("nodes", "4", "How many nodes."),
               count("zones", "8", "How many zones, at least one a node."),
               {.name = "requests_per_second",
                .type = Type::number,
                .fallback = "2000",
                .help = "Of all zones; each has as many.",
                .range = more_than(0)},
               duration("service", "10ms", "How long a request that is answered holds a worker."),
               duration("timeout", "2s", "How long one that is not does."),
               count("workers", "100", "That serve the requests of all zones.")}};
}

ZonesParameters read_zones(const Value& value, std::vector<Finding>& errors) {
  ZonesParameters plant;
  assign<std::int64_t>(plant.nodes, value, "nodes");
  assign<std::int64_t>(plant.zones, value, "zones");
  assign<double>(plant.requests_per_second, value, "requests_per_second");
  assign<Duration>(plant.service, value, "service");
  assign<Duration>(plant.timeout, value, "timeout");
  assign<std::int64_t>(plant.workers, value, "workers");
  if (plant.zones < plant.nodes) {
    errors.push_back({place_of(value, "zones"), "`zones` is less than `nodes`"});
  }
  return plant;
}

}  // namespace homeostat::loader
