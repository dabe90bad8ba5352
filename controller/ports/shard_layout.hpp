// SPDX-License-Identifier: Apache-2.0
// Where the shards of a Citus cluster lie, as a probe has found it and a lever plans by it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "policies/model/time.hpp"

namespace homeostat {

/// What moves and splits of shards need on a node, as it said last.
struct NodeRoom {
  std::string wal_level = "logical";
  int max_slots = 10;  ///< max_replication_slots
  int slots = 0;       ///< that are there, without those of a move or split under way
  int max_senders = 10;
  int senders = 0;      ///< as slots
  int max_logical = 4;  ///< max_logical_replication_workers
  /// output_plugin_libraries; nothing: this server has no such setting, and loads any.
  std::optional<std::string> plugins = {};
  /// Of the file system of its data, bytes; nothing: not known.
  std::optional<double> disk = {};
  std::optional<double> disk_free = {};
  /// Logical slots whose readers would take the rows of a shard that is copied here for new ones,
  /// without those that the configuration allows (postgres.citus.change_slots).
  std::vector<std::string> readers = {};
  double disk_kept = 0.1;  ///< what Citus wants free there after a move, a share of `disk`
};

struct ShardLayout {
  struct Node {
    int group = 0;     ///< pg_dist_node.groupid
    std::string name;  ///< of postgres.nodes
    bool takes_shards = true;
    double capacity = 1;                ///< what it should hold beside the others, above 0
    std::optional<NodeRoom> room = {};  ///< nothing: not known
    std::string room_unknown = {};      ///< why it is not, where it was asked for
  };
  /// The shards of one range in one colocation group: they move together.
  struct Group {
    std::int64_t shard = 0;                 ///< the smallest id among them
    std::vector<std::int64_t> shards = {};  ///< all of them
    int colocation = 0;
    int node_group = 0;
    double rows = 0;
    std::optional<double> bytes;      ///< with indexes and TOAST; nothing: not known
    std::optional<double> load = {};  ///< rows read and written a second; nothing: not known
    /// Node groups that its placement rules leave; nothing: no rule is about it.
    std::optional<std::set<int>> allowed = {};
    std::string low = {};  ///< shardminvalue, which they share
  };
  std::vector<Node> nodes;    ///< that hold shards, or should
  std::vector<Group> groups;  ///< in order of `shard`
  /// Shards that hold a single hash, as good as a single tenant: nothing splits them.
  std::set<std::int64_t> single = {};
  /// Placement rules that nobody can keep as they are, and why: nothing may be moved then.
  std::vector<std::string> unmet = {};
  std::string load_unknown = {};  ///< why the load of some group is not known; empty: it is
  TimePoint taken{};
};

/// Which zone each shard of one node is in, by id.
using ShardZones = std::map<std::int64_t, std::string>;

/// The newest layout, for whoever plans by it; nothing until it was read once. The probe is the
/// only writer.
struct KnownShards {
  std::optional<ShardLayout> newest;
};

}  // namespace homeostat
