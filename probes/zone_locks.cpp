// SPDX-License-Identifier: Apache-2.0
#include "probes/zone_locks.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace homeostat {
namespace {

constexpr std::size_t kColumns = 5;

bool is_counts(const nlohmann::json& one) {
  return one.is_array() && one.size() == kColumns &&
         std::all_of(one.begin(), one.end(),
                     [](const auto& number) { return number.is_number_integer(); });
}

}  // namespace

std::optional<ShardCounts> read_shard_counts(std::string_view json) {
  const auto rows = nlohmann::json::parse(json, nullptr, false);
  if (!rows.is_array() || !std::all_of(rows.begin(), rows.end(), is_counts)) return std::nullopt;
  ShardCounts shards;
  for (const auto& row : rows) {
    shards[row[0].get<std::int64_t>()] = {row[1].get<double>(), row[2].get<double>(),
                                          row[3].get<double>(), row[4].get<double>()};
  }
  return shards;
}

std::map<std::string, LockCounts> counts_of_zones(const std::vector<std::string>& zones,
                                                  const ShardCounts& shards,
                                                  const ShardZones& zone_of) {
  std::map<std::string, LockCounts> sums;
  for (const auto& zone : zones) sums[zone] = {};
  for (const auto& [shard, counts] : shards) {
    const auto zone = zone_of.find(shard);
    const auto sum = zone == zone_of.end() ? sums.end() : sums.find(zone->second);
    if (sum == sums.end()) continue;
    sum->second.open += counts.open;
    sum->second.blocked += counts.blocked;
    sum->second.row_blocked += counts.row_blocked;
    sum->second.over_500ms += counts.over_500ms;
  }
  return sums;
}

}  // namespace homeostat
