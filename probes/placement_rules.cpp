// SPDX-License-Identifier: Apache-2.0
#include "probes/placement_rules.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "sql/embedded.hpp"

namespace homeostat {

namespace asio = boost::asio;

namespace {

struct HashRange {
  std::int64_t shard = 0;
  std::int64_t low = 0;
  std::int64_t high = 0;
};

struct RuledTable {
  std::string type;  ///< of the distribution column, quoted by the server
  std::vector<HashRange> ranges;
};

std::string about(const PlacementRule& rule) { return "placement of `" + rule.table + "`: "; }

asio::awaitable<Result<RuledTable>> find_table(CitusNode& coordinator, const PlacementRule& rule,
                                               Duration deadline) {
  const auto dot = rule.table.find('.');
  std::vector<pg::Parameter> parameters{rule.table.substr(0, dot), rule.table.substr(dot + 1)};
  Result<pg::Table> rows = co_await coordinator.query(std::string{sql::citus_ruled_table},
                                                      std::move(parameters), deadline);
  if (!rows.has_value()) co_return rows.error();
  RuledTable table;
  for (int row = 0; row < rows->rows(); ++row) {
    table.type = rows->string(row, 0);
    table.ranges.push_back({rows->integer(row, 1).value_or(0), rows->integer(row, 2).value_or(0),
                            rows->integer(row, 3).value_or(0)});
  }
  co_return std::move(table);
}

/// The hash of each key, as Citus makes it.
asio::awaitable<Result<pg::Table>> hash_keys(CitusNode& coordinator, const PlacementRule& rule,
                                             const std::string& type, Duration deadline) {
  // A parameter cannot be the type of a cast. This one comes from the catalog, quoted.
  std::string statement = "SELECT k.key, worker_hash(k.key::" + type +
                          ") FROM json_array_elements_text($1::json) AS k(key)";
  std::vector<pg::Parameter> parameters{nlohmann::json(rule.keys).dump()};
  co_return co_await coordinator.query(std::move(statement), std::move(parameters), deadline);
}

asio::awaitable<Result<RuledShards>> find_shards(CitusNode& coordinator, const PlacementRule& rule,
                                                 Duration deadline) {
  RuledShards found;
  Result<RuledTable> table = co_await find_table(coordinator, rule, deadline);
  if (!table.has_value()) co_return table.error();
  if (table->ranges.empty()) {
    found.problem = about(rule) + "there is no hash-distributed table of this name";
    co_return std::move(found);
  }
  if (rule.keys.empty()) {
    for (const auto& range : table->ranges) found.shards.push_back(range.shard);
    co_return std::move(found);
  }
  Result<pg::Table> hashes = co_await hash_keys(coordinator, rule, table->type, deadline);
  if (!hashes.has_value()) co_return hashes.error();
  for (int row = 0; row < hashes->rows(); ++row) {
    const auto hash = hashes->integer(row, 1).value_or(0);
    for (const auto& range : table->ranges) {
      if (range.low <= hash && hash <= range.high) found.shards.push_back(range.shard);
    }
  }
  co_return std::move(found);
}

void narrow(ShardLayout::Group& group, const std::set<int>& allowed) {
  std::set<int> both;
  for (const int node : allowed) {
    if (!group.allowed || group.allowed->count(node) > 0) both.insert(node);
  }
  group.allowed = std::move(both);
}

bool of_the_connection(const Error& error) {
  return error.code == ErrorCode::timeout || error.code == ErrorCode::unavailable;
}

}  // namespace

asio::awaitable<Result<std::vector<RuledShards>>> find_ruled_shards(
    CitusNode& coordinator, const std::vector<PlacementRule>& rules, Duration deadline) {
  std::vector<RuledShards> all;
  for (const auto& rule : rules) {
    Result<RuledShards> found = co_await find_shards(coordinator, rule, deadline);
    if (found.has_value()) {
      all.push_back(std::move(*found));
    } else if (of_the_connection(found.error())) {
      co_return found.error();
    } else {
      all.push_back({{}, about(rule) + found.error().context});
    }
  }
  co_return std::move(all);
}

void apply_rules(const std::vector<PlacementRule>& rules, const std::vector<RuledShards>& found,
                 ShardLayout& layout) {
  std::map<std::string, int> nodes;
  for (const auto& node : layout.nodes) nodes.emplace(node.name, node.group);
  std::map<std::int64_t, ShardLayout::Group*> groups;  // by each of its shards
  for (auto& group : layout.groups) {
    for (const auto shard : group.shards) groups.emplace(shard, &group);
  }
  for (std::size_t index = 0; index < rules.size(); ++index) {
    const auto& rule = rules[index];
    if (!found[index].problem.empty()) layout.unmet.push_back(found[index].problem);
    std::set<int> allowed;
    for (const auto& name : rule.nodes) {
      if (const auto node = nodes.find(name); node != nodes.end()) {
        allowed.insert(node->second);
      } else {
        layout.unmet.push_back(about(rule) + "node `" + name +
                               "` neither takes shards of Citus nor holds any");
      }
    }
    if (allowed.empty()) continue;  // said already
    for (const auto shard : found[index].shards) {
      const auto group = groups.find(shard);
      if (group == groups.end()) continue;  // made since the coordinator was asked for them all
      narrow(*group->second, allowed);
      if (!group->second->allowed->empty()) continue;
      layout.unmet.push_back(about(rule) + "shard " + std::to_string(shard) +
                             " may be on none of its nodes, for what other rules say");
    }
  }
}

std::size_t misplaced(const ShardLayout& layout) {
  return static_cast<std::size_t>(
      std::count_if(layout.groups.begin(), layout.groups.end(), [](const auto& group) {
        return group.allowed && group.allowed->count(group.node_group) == 0;
      }));
}

}  // namespace homeostat
