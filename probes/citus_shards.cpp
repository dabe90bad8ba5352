// SPDX-License-Identifier: Apache-2.0
#include "probes/citus_shards.hpp"

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <cmath>
#include <set>
#include <utility>

#include "controller/transport/deadline.hpp"
#include "probes/relative_sample.hpp"
#include "probes/shard_groups.hpp"
#include "sql/embedded.hpp"

namespace homeostat {

namespace asio = boost::asio;

/// The coordinator's own view of the cluster.
struct CitusShards::Layout {
  struct Node {
    std::string address;  ///< as Citus knows it, for errors
    bool should_have = false;
  };
  std::map<int, Node> nodes;
  std::vector<ShardPlacement> placements;
  std::set<std::int64_t> single;  ///< shards of a single hash
};

namespace {

constexpr int kTested = 13;

Error not_known(const std::string& what) { return {ErrorCode::refused, what}; }

std::string percent(double share) { return std::to_string(std::lround(100 * share)) + " %"; }

void add_spread(const std::string& prefix, const std::vector<Holding>& holdings, TimePoint now,
                Reading& reading) {
  const auto found = spread(holdings);
  reading.samples.push_back(relative(prefix + "_cv", found.deviation, found.mean, now));
  reading.samples.push_back(relative(prefix + "_max_deviation", found.above, found.mean, now));
}

void add_absent(std::initializer_list<const char*> signals, TimePoint now, Reading& reading) {
  for (const auto* signal : signals) {
    reading.samples.push_back(absent(signal, {}, AbsentReason::failed, now));
  }
}

void add_misplaced(const ShardLayout& layout, TimePoint now, Reading& reading) {
  const std::string signal = "citus_misplaced_shards";
  if (layout.unmet.empty()) {
    reading.samples.push_back(gauge(signal, {}, static_cast<double>(misplaced(layout)), now));
  } else {
    reading.samples.push_back(absent(signal, {}, AbsentReason::failed, now));
  }
  for (const auto& why : layout.unmet) reading.notes.push_back({{}, "placement_rule", why});
}

void add_details(const std::string& name, const ShardTotals& totals, Reading& reading) {
  for (const auto& node : totals.nodes) {
    reading.details.push_back({{}, name, {{"node", node.name}}, node.total});
  }
}

}  // namespace

CitusShards::CitusShards(asio::any_io_executor executor, CitusShardsOptions options)
    : options_{std::move(options)} {
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
          "citus_misplaced_shards"};
}

asio::awaitable<Result<Reading>> CitusShards::sample(TimePoint now, Duration deadline) {
  auto work = measure(now, deadline);
  Result<Reading> reading = co_await with_deadline(std::move(work), deadline, "citus_shards");
  co_return std::move(reading);
}

asio::awaitable<Result<Reading>> CitusShards::measure(TimePoint now, Duration deadline) {
  if (coordinator_ == nullptr) {
    co_return not_known("coordinator `" + options_.coordinator + "` is none of postgres.nodes");
  }
  // A table may be made or dropped, a shard moved, between the coordinator's answer and the nodes':
  // ask twice, if there is time, before calling it a fault. Shares that leave room for the name of
  // whoever did not answer.
  const Duration share = deadline * 9 / 20;
  Error failure;
  for (int attempt = 0; attempt < 2; ++attempt) {
    auto reading_layout = read_layout(now, share);
    Result<Layout> layout = co_await with_deadline(std::move(reading_layout), share,
                                                   "node `" + coordinator_->name() + "`");
    if (!layout.has_value()) co_return layout.error();
    const bool sizes = !sizes_due_ || now >= *sizes_due_;
    if (sizes) sizes_due_ = now + options_.sizes_every;
    co_await ask_from(0, now, share, sizes);
    Result<std::vector<ShardNode>> nodes = match(*layout);
    if (!nodes.has_value()) co_return nodes.error();
    Result<ShardTotals> rows = totals(*nodes, layout->placements, measured_rows());
    if (!rows.has_value()) {
      failure = rows.error();
      continue;
    }
    Result<ShardLayout> lies = co_await lay_out(*layout, *nodes, now, share);
    if (!lies.has_value()) co_return lies.error();
    Reading reading;
    add_rows(*rows, now, reading);
    add_bytes(*layout, *nodes, now, reading);
    add_load(*nodes, now, reading);
    add_misplaced(*lies, now, reading);
    add_notes(reading);
    if (options_.known) options_.known->newest = std::move(*lies);
    co_return std::move(reading);
  }
  co_return failure;
}

asio::awaitable<Result<CitusShards::Layout>> CitusShards::read_layout(TimePoint now,
                                                                      Duration deadline) {
  Result<void> introduced = co_await coordinator_->introduce(now, deadline);
  if (!introduced.has_value()) co_return introduced.error();
  const auto who = "node `" + coordinator_->name() + "`";
  if (coordinator_->version().empty()) {
    co_return not_known(who + " has no extension citus in its database");
  }
  if (!coordinator_->is_coordinator()) {
    if (!coordinator_->group()) {
      co_return not_known(
          who + " is a standby, or has a Citus older than 11: " + coordinator_->version());
    }
    co_return not_known(who + " is not the coordinator of Citus");
  }
  Result<pg::Table> table = co_await coordinator_->query(sql::citus_shards_layout, deadline);
  if (!table.has_value()) co_return table.error();
  Layout layout;
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

// All at once: each of them awaits itself and those behind it.
asio::awaitable<void> CitusShards::ask_from(std::size_t first, TimePoint now, Duration deadline,
                                            bool sizes) {
  using boost::asio::experimental::awaitable_operators::operator&&;
  if (first == nodes_.size()) co_return;
  auto one = ask(*nodes_[first], now, deadline, sizes);
  auto others = ask_from(first + 1, now, deadline, sizes);
  auto all = std::move(one) && std::move(others);
  co_await std::move(all);
}

namespace {

asio::awaitable<Result<void>> ask_one(CitusNode& node, TimePoint now, Duration deadline,
                                      bool show_tenant, bool sizes) {
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
  co_return Result<void>{};
}

}  // namespace

asio::awaitable<void> CitusShards::ask(CitusNode& node, TimePoint now, Duration deadline,
                                       bool sizes) {
  auto work = ask_one(node, now, deadline, options_.show_queries, sizes);
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

// Who of the configured nodes is who of pg_dist_node.
Result<std::vector<ShardNode>> CitusShards::match(const Layout& layout) const {
  std::set<int> holding;
  for (const auto& placement : layout.placements) holding.insert(placement.group);
  std::vector<ShardNode> result;
  for (const auto& [group, node] : layout.nodes) {
    if (!node.should_have && holding.count(group) == 0) continue;
    const CitusNode* found = nullptr;
    for (const auto& candidate : nodes_) {
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
      for (const auto& candidate : nodes_) {
        if (candidate->failure) return *candidate->failure;
      }
      return not_known("none of postgres.nodes is node " + node.address + " of Citus (group " +
                       std::to_string(group) + ")");
    }
    result.push_back({group, found->name(), node.should_have, capacity_of(found->name())});
  }
  return result;
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
std::optional<NodeRoom> CitusShards::room_of(int group) const {
  std::optional<NodeRoom> room;
  for (const auto& node : nodes_) {
    if (node->group() == group) room = node->room();
  }
  if (room && coordinator_->room()) room->disk_kept = coordinator_->room()->disk_kept;
  return room;
}

asio::awaitable<Result<ShardLayout>> CitusShards::lay_out(const Layout& layout,
                                                          const std::vector<ShardNode>& nodes,
                                                          TimePoint now, Duration deadline) {
  ShardLayout result;
  for (const auto& node : nodes) {
    result.nodes.push_back(
        {node.group, node.name, node.counts, node.capacity, room_of(node.group)});
  }
  result.groups = shard_groups(layout.placements, measured_rows(), measured_bytes());
  result.taken = now;
  Result<std::vector<RuledShards>> ruled =
      co_await find_ruled_shards(*coordinator_, options_.rules, deadline);
  if (!ruled.has_value()) co_return ruled.error();
  apply_rules(options_.rules, *ruled, result);
  result.single = layout.single;
  co_return std::move(result);
}

void CitusShards::add_rows(const ShardTotals& rows, TimePoint now, Reading& reading) const {
  add_spread("citus_node", counted(rows), now, reading);
  std::vector<Holding> groups;
  for (const auto& [shard, count] : rows.shard_groups) groups.push_back({count});
  const auto found = spread(groups);
  reading.samples.push_back(relative("citus_shard_cv", found.deviation, found.mean, now));
  const auto top = hottest(rows);
  reading.samples.push_back(relative("citus_hottest_shard_share", top.value, top.sum, now));
  double capacity = 0;
  double most = 0;
  for (const auto& node : counted(rows)) {
    capacity += node.capacity;
    most = std::max(most, node.capacity);
  }
  reading.samples.push_back(
      relative("citus_hottest_shard_fair_share", top.value * capacity, top.sum * most, now));
  if (top.sum > 0) {
    reading.notes.push_back({{},
                             "hottest_shard",
                             "shard " + std::to_string(top.shard) +
                                 " and those that move with it hold " +
                                 percent(top.value / top.sum) + " of the rows"});
  }
  add_details("citus_node_rows", rows, reading);
  for (const auto& node : rows.nodes) {
    reading.details.push_back(
        {{}, "citus_node_shards", {{"node", node.name}}, static_cast<double>(node.shards)});
  }
}

void CitusShards::add_bytes(const Layout& layout, const std::vector<ShardNode>& nodes,
                            TimePoint now, Reading& reading) {
  const auto bytes = totals(nodes, layout.placements, measured_bytes());
  if (!bytes.has_value()) {
    // A shard that is new since then, or a lock.
    if (sizes_due_) sizes_due_ = std::min(*sizes_due_, now + options_.sizes_again);
    add_absent({"citus_node_bytes_cv", "citus_node_bytes_max_deviation"}, now, reading);
    return;
  }
  add_spread("citus_node_bytes", counted(*bytes), now, reading);
  add_details("citus_node_bytes", *bytes, reading);
}

void CitusShards::add_load(const std::vector<ShardNode>& nodes, TimePoint now,
                           Reading& reading) const {
  std::vector<Holding> loads;
  double sum = 0;
  TenantLoad top;
  for (const auto& node : nodes) {
    if (!node.counts) continue;
    const auto found = std::find_if(nodes_.begin(), nodes_.end(), [&](const auto& candidate) {
      return candidate->name() == node.name;
    });
    const auto& load = (*found)->load();
    if (!load) {
      add_absent(
          {"citus_node_load_cv", "citus_node_load_max_deviation", "citus_hottest_tenant_share"},
          now, reading);
      return;
    }
    loads.push_back({load->sum, node.capacity});
    sum += load->sum;
    if (load->most > top.most) top = *load;
  }
  add_spread("citus_node_load", loads, now, reading);
  reading.samples.push_back(relative("citus_hottest_tenant_share", top.most, sum, now));
  if (!top.tenant.empty()) {
    reading.notes.push_back(
        {{}, "hottest_tenant", top.tenant + ": " + percent(top.most / sum) + " of the load"});
  }
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
