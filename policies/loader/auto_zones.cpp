// SPDX-License-Identifier: Apache-2.0
#include "policies/loader/auto_zones.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace homeostat::loader {
namespace {

constexpr std::size_t kLongestZone = 63;  // as kConfigName, and the schema's table, take them

}  // namespace

Key zones_per_node_key() {
  return {.name = "zones_per_node",
          .type = Type::integer,
          .fallback = "8",
          .help =
              "With `zones: auto`: NODE.1, NODE.2 …; a node's shards are dealt out to them, "
              "those that move together to the same.",
          .range = between(1, 64)};
}

bool wants_auto_zones(const Value& inventory, std::vector<Finding>& errors) {
  const auto* const word = get<std::string>(inventory, "zones");
  const bool wanted = word != nullptr && *word == kAutoZones;
  const auto* const number = find(inventory, "zones_per_node");
  if (!wanted && number != nullptr && number->given) {
    errors.push_back({number->key_place, "`zones_per_node` only goes with `zones: auto`"});
  }
  return wanted;
}

std::vector<ZoneConfig> auto_zones(const Value& inventory, const Config& config,
                                   std::vector<Finding>& errors) {
  const auto place = place_of(inventory, "zones");
  const auto report = [&](const std::string& why) {
    errors.push_back({place, "`zones` is `auto`, " + why});
  };
  if (!config.citus) {
    report("which needs `postgres.citus`: the shards of a node are dealt out to its zones");
    return {};
  }
  const auto& coordinator = config.citus->coordinator;
  if (config.ledger && config.ledger->node != coordinator) {
    report("but homeostat.admit() is where the ledger is, on `" + config.ledger->node +
           "`, and transactions begin at the coordinator, `" + coordinator + "`");
    return {};
  }
  std::int64_t each = 0;
  assign<std::int64_t>(each, inventory, "zones_per_node");
  std::vector<ZoneConfig> zones;
  for (const auto& node : config.nodes) {
    if (node.name == coordinator) continue;
    if ((node.name + "." + std::to_string(each)).size() > kLongestZone) {
      report("and the name of node `" + node.name + "` is too long to be followed by a number: " +
             std::to_string(kLongestZone) + " characters at most in all");
      continue;
    }
    for (std::int64_t number = 1; number <= each; ++number) {
      zones.push_back({node.name + "." + std::to_string(number), node.name});
    }
  }
  if (config.nodes.size() < 2) report("but no node is configured beside the coordinator");
  return zones;
}

}  // namespace homeostat::loader
