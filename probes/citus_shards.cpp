// SPDX-License-Identifier: Apache-2.0
#include "probes/citus_shards.hpp"

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <cmath>
#include <utility>
#include <vector>

#include "controller/transport/deadline.hpp"
#include "probes/shard_groups.hpp"
#include "probes/shard_signals.hpp"
#include "sql/embedded.hpp"

namespace homeostat {

namespace asio = boost::asio;

namespace {

constexpr int kTested = 13;

}  // namespace

CitusShards::CitusShards(asio::any_io_executor executor, CitusShardsOptions options)
    : options_{std::move(options)}, load_{options_.load_window} {
  auto seed = options_.seed;
  for (const auto& node : options_.nodes) {
    nodes_.push_back(std::make_unique<CitusNode>(executor, node.name, node.address, seed++));
    if (node.name == options_.coordinator) coordinator_ = nodes_.back().get();
  }
}

std::vector<SignalName> CitusShards::signals() const {
  return {"citus_node_cv",
          "citus_node_max_deviation",
          "citus_shard_cv",
          "citus_hottest_shard_share",
          "citus_node_bytes_cv",
          "citus_node_bytes_max_deviation",
          "citus_node_load_cv",
          "citus_node_load_max_deviation",
          "citus_hottest_tenant_share",
          "citus_hottest_shard_fair_share",
          "citus_misplaced_shards",
          "citus_deadlocks_total"};
}

asio::awaitable<Result<Reading>> CitusShards::sample(TimePoint now, Duration deadline) {
  if (newest_ && !due(now)) co_return *newest_;
  newest_.reset();
  // Last, in time of its own, so that it does not cost the rest whatever comes of it.
  const Duration for_log = deadlocks_.due(now) ? deadline / 8 : Duration{};
  auto work = measure(now, deadline - for_log);
  Result<Reading> reading =
      co_await with_deadline(std::move(work), deadline - for_log, "citus_shards");
  if (reading.has_value()) {
    co_await deadlocks_.read(*coordinator_, now, for_log);
    deadlocks_.add(now, *reading);
    newest_ = *reading;
    measured_ = now;
  }
  co_return std::move(reading);
}

// On the grid of the engine's folds, and not so long after the last one: no fold may be left out
// because a step came a moment early.
bool CitusShards::due(TimePoint now) const {
  const Duration every = options_.every;
  if (every <= Duration{}) return true;
  return now.time_since_epoch() / every != measured_.time_since_epoch() / every;
}

asio::awaitable<Result<Reading>> CitusShards::measure(TimePoint now, Duration deadline) {
  if (coordinator_ == nullptr) {
    Error nobody{ErrorCode::refused,
                 "coordinator `" + options_.coordinator + "` is none of postgres.nodes"};
    co_return nobody;
  }
  // A table may be made or dropped, a shard moved, between the coordinator's answer and the nodes':
  // ask twice, if there is time, before calling it a fault. Shares that leave room for the name of
  // whoever did not answer.
  const Duration share = deadline * 9 / 20;
  Error failure;
  for (int attempt = 0; attempt < 2; ++attempt) {
    auto reading_layout = read_citus_layout(*coordinator_, now, share);
    Result<CitusLayout> layout = co_await with_deadline(std::move(reading_layout), share,
                                                        "node `" + coordinator_->name() + "`");
    if (!layout.has_value()) co_return layout.error();
    Wanted wanted;
    wanted.sizes = !sizes_due_ || now >= *sizes_due_;
    wanted.counters = load_.due(now);
    if (wanted.sizes) sizes_due_ = now + options_.sizes_every;
    co_await ask_from(0, now, share, wanted);
    Result<std::vector<ShardNode>> nodes = match_nodes(*layout, nodes_);
    if (!nodes.has_value()) co_return nodes.error();
    for (auto& node : *nodes) node.capacity = capacity_of(node.name);
    Result<ShardTotals> rows = totals(*nodes, layout->placements, measured_rows());
    if (!rows.has_value()) {
      failure = rows.error();
      continue;
    }
    if (wanted.counters) count_load(*layout, now);
    const auto load = load_of(*layout, *nodes);
    const auto bytes = totals(*nodes, layout->placements, measured_bytes());
    // A shard that is new since they were read, or a lock.
    if (!bytes.has_value()) sizes_due_ = std::min(*sizes_due_, now + options_.sizes_again);
    Result<ShardLayout> lies = co_await lay_out(*layout, *nodes, now, share);
    if (!lies.has_value()) co_return lies.error();
    if (!load.has_value()) lies->load_unknown = load.error().context;
    Reading reading;
    add_rows(*rows, layout->single, now, reading);
    add_bytes(bytes, now, reading);
    add_load(load, now, reading);
    add_tenants(tenants_of(*nodes), now, reading);
    add_misplaced(*lies, now, reading);
    add_notes(reading);
    if (options_.known) options_.known->newest = std::move(*lies);
    co_return std::move(reading);
  }
  co_return failure;
}

// All at once: each of them awaits itself and those behind it.
asio::awaitable<void> CitusShards::ask_from(std::size_t first, TimePoint now, Duration deadline,
                                            Wanted wanted) {
  using boost::asio::experimental::awaitable_operators::operator&&;
  if (first == nodes_.size()) co_return;
  auto one = ask(*nodes_[first], now, deadline, wanted);
  auto others = ask_from(first + 1, now, deadline, wanted);
  auto all = std::move(one) && std::move(others);
  co_await std::move(all);
}

namespace {

asio::awaitable<Result<void>> ask_one(CitusNode& node, TimePoint now, Duration deadline,
                                      bool show_tenant, bool sizes, bool counters) {
  Result<void> introduced = co_await node.introduce(now, deadline);
  if (!introduced.has_value() || !node.group()) co_return introduced;
  Result<void> rows = co_await node.read_rows(show_tenant, deadline);
  if (!rows.has_value()) co_return rows;
  Result<void> room = co_await node.read_room(now, deadline);
  if (!room.has_value() && room.error().code == ErrorCode::unavailable) co_return room;
  if (sizes) {
    // What comes of it stands in the node; a lock on a shard does not cost the rows.
    Result<void> bytes = co_await node.read_bytes(deadline);
    if (!bytes.has_value() && bytes.error().code == ErrorCode::unavailable) co_return bytes;
  }
  if (counters) {
    Result<void> counted = co_await node.read_counters(deadline);
    if (!counted.has_value() && counted.error().code == ErrorCode::unavailable) co_return counted;
  }
  co_return Result<void>{};
}

}  // namespace

asio::awaitable<void> CitusShards::ask(CitusNode& node, TimePoint now, Duration deadline,
                                       Wanted wanted) {
  auto work = ask_one(node, now, deadline, options_.show_queries, wanted.sizes, wanted.counters);
  Result<void> asked =
      co_await with_deadline(std::move(work), deadline, "node `" + node.name() + "`");
  node.failure = asked.has_value() ? std::nullopt : std::optional<Error>{asked.error()};
}

double CitusShards::capacity_of(const std::string& name) const {
  for (const auto& node : options_.nodes) {
    if (node.name == name) return node.capacity;
  }
  return 1;
}

Measured CitusShards::measured_rows() const {
  Measured measured;
  for (const auto& node : nodes_) {
    if (!node->group()) continue;
    for (const auto& [table, statistics] : node->rows()) {
      measured[{*node->group(), table}] = row_count(statistics).rows;
    }
  }
  return measured;
}

Measured CitusShards::measured_bytes() const {
  Measured measured;
  for (const auto& node : nodes_) {
    if (!node->group() || !node->bytes()) continue;
    for (const auto& [table, bytes] : *node->bytes()) measured[{*node->group(), table}] = bytes;
  }
  return measured;
}

// What Citus wants free is a setting of the coordinator, which makes the moves.
void CitusShards::add_room(ShardLayout::Node& one) const {
  for (const auto& node : nodes_) {
    if (node->group() != one.group) continue;
    one.room = node->room();
    one.room_unknown = node->room_unknown();
  }
  if (!one.room) return;
  if (coordinator_->room()) one.room->disk_kept = coordinator_->room()->disk_kept;
  std::erase_if(one.room->readers,
                [&](const auto& slot) { return options_.change_slots.contains(slot); });
}

void CitusShards::count_load(const CitusLayout& layout, TimePoint now) {
  std::map<int, NodeCounters> counters;
  for (const auto& node : nodes_) {
    if (node->group() && node->counters()) counters[*node->group()] = *node->counters();
  }
  load_.add(std::move(counters), layout.placements, now);
}

Result<ShardTotals> CitusShards::load_of(const CitusLayout& layout,
                                         const std::vector<ShardNode>& nodes) const {
  const auto within = "rows read and written by shard, counted over " +
                      std::to_string(std::lround(to_seconds(options_.load_window))) + " s: ";
  if (!load_.rates()) return Error{ErrorCode::unavailable, within + load_.unknown()};
  auto load = totals(nodes, layout.placements, *load_.rates());
  if (load.has_value()) return load;
  return Error{ErrorCode::unavailable, within + "a shard has come to its node since"};
}

std::vector<std::optional<TenantLoad>> CitusShards::tenants_of(
    const std::vector<ShardNode>& nodes) const {
  std::vector<std::optional<TenantLoad>> loads;
  for (const auto& one : nodes) {
    if (!one.counts) continue;
    const auto found = std::find_if(nodes_.begin(), nodes_.end(), [&](const auto& candidate) {
      return candidate->name() == one.name;
    });
    loads.push_back((*found)->tenants());
  }
  return loads;
}

asio::awaitable<Result<ShardLayout>> CitusShards::lay_out(const CitusLayout& layout,
                                                          const std::vector<ShardNode>& nodes,
                                                          TimePoint now, Duration deadline) {
  ShardLayout result;
  for (const auto& node : nodes) {
    result.nodes.push_back({node.group, node.name, node.counts, node.capacity});
    add_room(result.nodes.back());
  }
  result.groups = shard_groups(layout.placements, measured_rows(), measured_bytes(),
                               load_.rates().value_or(Measured{}));
  result.taken = now;
  Result<std::vector<RuledShards>> ruled =
      co_await find_ruled_shards(*coordinator_, options_.rules, deadline);
  if (!ruled.has_value()) co_return ruled.error();
  apply_rules(options_.rules, *ruled, result);
  result.single = layout.single;
  co_return std::move(result);
}

void CitusShards::add_notes(Reading& reading) const {
  if (citus_major(coordinator_->version()) != kTested) {
    reading.notes.push_back(
        {{},
         "citus_version",
         "Citus " + coordinator_->version() + ": tested with 13 only, its catalogs may differ"});
  }
  for (const auto& node : nodes_) {
    if (!node->group()) continue;
    const auto stale = std::count_if(node->rows().begin(), node->rows().end(),
                                     [](const auto& one) { return row_count(one.second).stale; });
    if (stale == 0) continue;
    reading.notes.push_back({{},
                             "stale_rows",
                             "node `" + node->name() + "`: the rows of " + std::to_string(stale) +
                                 " tables are from before a crash, until they are analyzed"});
  }
}

}  // namespace homeostat
