// SPDX-License-Identifier: Apache-2.0
#include "probes/shard_load.hpp"

namespace homeostat {
namespace {

Error load_unknown(const std::string& why) { return {ErrorCode::unavailable, why}; }

std::string of_node(int group) { return "the node of group " + std::to_string(group); }

}  // namespace

ShardLoad::ShardLoad(Duration window) : window_{window}, unknown_{"no window has ended yet"} {}

bool ShardLoad::due(TimePoint now) const { return !begun_ || now - begun_->at >= window_; }

void ShardLoad::add(std::map<int, NodeCounters> nodes,
                    const std::vector<ShardPlacement>& placements, TimePoint now) {
  if (begun_) {
    rates_.reset();
    unknown_.clear();
    auto rates = rates_since(*begun_, nodes, placements, now);
    if (rates.has_value()) {
      rates_ = std::move(*rates);
    } else {
      unknown_ = rates.error().context;
    }
  }
  Begun begun{now, std::move(nodes), {}};
  for (const auto& placement : placements) begun.placed.emplace(placement.group, placement.table);
  begun_ = std::move(begun);
}

Result<Measured> ShardLoad::rates_since(const Begun& begun,
                                        const std::map<int, NodeCounters>& nodes,
                                        const std::vector<ShardPlacement>& placements,
                                        TimePoint now) const {
  const double seconds = to_seconds(now - begun.at);
  Measured rates;
  for (const auto& placement : placements) {
    const auto shard = "shard " + std::to_string(placement.shard);
    if (begun.placed.count({placement.group, placement.table}) == 0) {
      return load_unknown(shard + " has come to its node since the window began");
    }
    const auto before = begun.nodes.find(placement.group);
    const auto after = nodes.find(placement.group);
    if (before == begun.nodes.end() || after == nodes.end()) {
      return load_unknown(of_node(placement.group) + " did not tell its counters");
    }
    const auto first = before->second.rows.find(placement.table);
    const auto last = after->second.rows.find(placement.table);
    if (first == before->second.rows.end() || last == after->second.rows.end()) {
      return load_unknown(of_node(placement.group) + " told its counters without its " + shard);
    }
    const double rows = last->second - first->second;
    if (before->second.since != after->second.since || rows < 0) {
      return load_unknown(of_node(placement.group) + " has begun to count anew");
    }
    rates[{placement.group, placement.table}] = rows / seconds;
  }
  return rates;
}

}  // namespace homeostat
