// SPDX-License-Identifier: Apache-2.0
// How evenly a Citus cluster holds its rows, bytes and load. One direct session a node; nothing
// that makes one node ask another, for such questions hang with the node asked. Never decides,
// never writes.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controller/ports/probe.hpp"
#include "controller/ports/shard_layout.hpp"
#include "controller/transport/pg_session.hpp"
#include "probes/citus_deadlocks.hpp"
#include "probes/citus_layout.hpp"
#include "probes/citus_node.hpp"
#include "probes/placement_rules.hpp"
#include "probes/shard_balance.hpp"
#include "probes/shard_load.hpp"
#include "probes/shard_signals.hpp"

namespace homeostat {

struct CitusShardsOptions {
  struct Node {
    std::string name;  ///< of postgres.nodes
    /// Its application_name begins with `homeostat`, or Citus hides the shards.
    pg::Address address;
    double capacity = 1;  ///< what it should hold beside the others, above 0
  };
  std::vector<Node> nodes;  ///< every node of the configuration; not all need be of Citus
  std::string coordinator;  ///< the name of one of them
  std::vector<PlacementRule> rules = {};
  std::set<std::string> change_slots = {};  ///< logical slots whose readers may get copied rows
  bool show_queries = false;  ///< in notes: the hottest tenant's name, which is application data
  /// Once in each of these is enough, a fold: what was read last stands until then, with its own
  /// time. Zero: each time.
  Duration every = std::chrono::seconds{5};
  Duration sizes_every = std::chrono::minutes{5};
  Duration sizes_again = std::chrono::seconds{30};  ///< after they failed, or lack a new shard
  Duration load_window = std::chrono::seconds{60};  ///< over which rows read and written count
  std::uint64_t seed = 0;                           ///< of the reconnects' jitter
  /// Where each whole reading leaves how the shards lie; null: nobody asks.
  std::shared_ptr<KnownShards> known = {};
};

/// Samples about `cluster`, of the shards of all hash-distributed tables together; reference and
/// local tables are left out, and so are nodes that should not have shards (shouldhaveshards):
///   citus_node_cv                   standard deviation (population) ÷ mean of the nodes' rows
///   citus_node_max_deviation        how far the fullest node lies over the mean, ÷ mean
///   citus_shard_cv                  as citus_node_cv, of the groups of shards that move together
///   citus_hottest_shard_share       rows of the largest such group ÷ all rows
///   citus_hottest_shard_fair_share  the same of the largest that is not a single tenant's ÷ what
///                                   the node with the most capacity should hold: above 1, no move
///                                   makes every node even
///   citus_node_bytes_cv             as citus_node_cv, of bytes with indexes and TOAST, and
///   citus_node_bytes_max_deviation  …; measured every sizes_every; absent alone while they cannot
///                                   be had (a lock on a shard)
///   citus_node_load_cv              as citus_node_cv, of the rows read and written a second in the
///   citus_node_load_max_deviation   newest load_window, as PostgreSQL counts them
///   (shard_load.hpp);
///                                   absent alone while it is not known of every shard
///   citus_hottest_tenant_share      CPU seconds of the busiest tenant in Citus' last period ÷ of
///                                   all; absent unless every node that counts tracks them
///                                   (citus.stat_tenants_track, Citus 12)
///   citus_deadlocks_total           deadlocks over nodes that Citus has resolved, by the
///                                   coordinator's log since the probe was made; absent where it
///                                   may not be read
///   citus_misplaced_shards          groups of shards that lie where their placement rule does not
///                                   allow it; absent while a rule cannot be kept as it is
/// Values of nodes are divided by their capacity first. A whole of 0 (no rows, no load) is `empty`.
/// Rows are estimates of PostgreSQL's statistics, see row_count(); a note `stale_rows` says when
/// some are from before a crash. Other notes: `hottest_shard`, `hottest_tenant`, `citus_version`,
/// `placement_rule` (one that cannot be kept), `load_unknown` (why), `deadlocks_unknown` (why),
/// `deadlocks_unread`. Details by {node}:
/// citus_node_rows, citus_node_bytes, citus_node_load_rows_per_second, citus_node_shards.
///
/// All or nothing: an Error when any node that should have or has shards is missing among the
/// configured ones, does not answer, or answers without one of its shards. Nodes are recognised by
/// the group id that they give themselves, never by host name. Errors: missing_privilege names the
/// GRANT; `refused` when the coordinator named is none, or has no Citus of version 11 or later.
class CitusShards : public Probe {
 public:
  CitusShards(boost::asio::any_io_executor executor, CitusShardsOptions options);

  std::string_view name() const override { return "citus_shards"; }
  Subject subject() const override { return {}; }
  std::vector<SignalName> signals() const override;
  [[nodiscard]] boost::asio::awaitable<Result<Reading>> sample(TimePoint now,
                                                               Duration deadline) override;

 private:
  /// What is not read each time.
  struct Wanted {
    bool sizes = false;
    bool counters = false;
  };
  boost::asio::awaitable<Result<Reading>> measure(TimePoint now, Duration deadline);
  boost::asio::awaitable<void> ask_from(std::size_t first, TimePoint now, Duration deadline,
                                        Wanted wanted);
  boost::asio::awaitable<void> ask(CitusNode& node, TimePoint now, Duration deadline,
                                   Wanted wanted);
  bool due(TimePoint now) const;
  double capacity_of(const std::string& name) const;
  Measured measured_rows() const;
  Measured measured_bytes() const;
  void add_room(ShardLayout::Node& one) const;
  void count_load(const CitusLayout& layout, TimePoint now);
  Result<ShardTotals> load_of(const CitusLayout& layout, const std::vector<ShardNode>& nodes) const;
  std::vector<std::optional<TenantLoad>> tenants_of(const std::vector<ShardNode>& nodes) const;
  boost::asio::awaitable<Result<ShardLayout>> lay_out(const CitusLayout& layout,
                                                      const std::vector<ShardNode>& nodes,
                                                      TimePoint now, Duration deadline);
  void add_notes(Reading& reading) const;

  CitusShardsOptions options_;
  std::vector<std::unique_ptr<CitusNode>> nodes_;
  CitusNode* coordinator_ = nullptr;
  std::optional<TimePoint> sizes_due_;  ///< nothing: at once
  ShardLoad load_;
  CitusDeadlocks deadlocks_;
  std::optional<Reading> newest_;  ///< nothing: there is none, or a later attempt failed
  TimePoint measured_{};           ///< when that was read
};

}  // namespace homeostat
