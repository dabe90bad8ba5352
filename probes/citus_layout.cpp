// SPDX-License-Identifier: Apache-2.0
#include "probes/citus_layout.hpp"

#include <set>
#include <utility>

#include "sql/embedded.hpp"

namespace homeostat {

namespace asio = boost::asio;
namespace {

Error not_known(const std::string& what) { return {ErrorCode::refused, what}; }

}  // namespace

asio::awaitable<Result<CitusLayout>> read_citus_layout(CitusNode& coordinator, TimePoint now,
                                                       Duration deadline) {
  Result<void> introduced = co_await coordinator.introduce(now, deadline);
  if (!introduced.has_value()) co_return introduced.error();
  if (!coordinator.is_coordinator()) {
    const auto& outsider = coordinator.outsider();
    const auto what = outsider.empty() ? "is not the coordinator of Citus" : outsider;
    co_return not_known("node `" + coordinator.name() + "` " + what);
  }
  Result<pg::Table> table = co_await coordinator.query(sql::citus_shards_layout, deadline);
  if (!table.has_value()) co_return table.error();
  CitusLayout layout;
  for (int row = 0; row < table->rows(); ++row) {
    const int group = static_cast<int>(table->integer(row, 0).value_or(-1));
    if (const auto address = table->text(row, 1)) {
      layout.nodes[group] = {std::string{*address}, table->string(row, 2) == "t"};
    }
    const auto shard = table->integer(row, 3);
    if (!shard) continue;
    layout.placements.push_back({*shard, group, table->string(row, 4),
                                 static_cast<int>(table->integer(row, 5).value_or(0)),
                                 table->string(row, 6)});
    if (table->string(row, 7) == "t") layout.single.insert(*shard);
  }
  co_return std::move(layout);
}

Result<std::vector<ShardNode>> match_nodes(
    const CitusLayout& layout, const std::vector<std::unique_ptr<CitusNode>>& candidates) {
  std::set<int> holding;
  for (const auto& placement : layout.placements) holding.insert(placement.group);
  std::vector<ShardNode> result;
  for (const auto& [group, node] : layout.nodes) {
    if (!node.should_have && holding.count(group) == 0) continue;
    const CitusNode* found = nullptr;
    for (const auto& candidate : candidates) {
      if (candidate->group() != group) continue;
      if (candidate->failure) return *candidate->failure;
      if (found != nullptr) {
        return not_known("nodes `" + found->name() + "` and `" + candidate->name() +
                         "` are the same node of Citus, group " + std::to_string(group));
      }
      found = candidate.get();
    }
    if (found == nullptr) {
      // The one that does not answer may be it.
      for (const auto& candidate : candidates) {
        if (candidate->failure) return *candidate->failure;
      }
      return not_known("none of postgres.nodes is node " + node.address + " of Citus (group " +
                       std::to_string(group) + ")");
    }
    result.push_back({group, found->name(), node.should_have});
  }
  return result;
}

}  // namespace homeostat
