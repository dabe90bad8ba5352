// SPDX-License-Identifier: Apache-2.0
// How evenly the shards of a Citus cluster lie on its nodes. Pure arithmetic.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "policies/model/error.hpp"

namespace homeostat {

/// What PostgreSQL's catalogs say of the rows of one shard.
struct RowStatistics {
  double reltuples = -1;  ///< of pg_class; negative before the first VACUUM or ANALYZE
  double live = 0;        ///< pg_stat_all_tables.n_live_tup; 0 after a crash
  bool dated = false;     ///< whether VACUUM or ANALYZE has run since the statistics were reset
};

struct RowCount {
  double rows = 0;
  bool stale = false;  ///< from before a crash: only reltuples is left
};

/// `live` follows writes within seconds but is 0 after a crash or an immediate shutdown, and no
/// autoanalyze follows. So: never analyzed, or dated since: `live`; otherwise `reltuples`, stale
/// (citus-facts.md §1).
RowCount row_count(const RowStatistics& statistics);

/// One placement of one shard, as the coordinator maps it.
struct ShardPlacement {
  std::int64_t shard = 0;
  int group = 0;       ///< of the node, as in pg_dist_node
  std::string table;   ///< schema-qualified name of the shard's table on that node
  int colocation = 0;  ///< shards of one colocation group with the same lower bound move together
  std::string low;     ///< shardminvalue
};

/// Who takes part.
struct ShardNode {
  int group = 0;
  std::string name;     ///< of postgres.nodes
  bool counts = true;   ///< shouldhaveshards: nodes that are being drained are left out
  double capacity = 1;  ///< what it should hold beside the others, above 0
};

/// What nodes were found to hold, by group and table.
using Measured = std::map<std::pair<int, std::string>, double>;

struct NodeTotal {
  std::string name;
  bool counts = true;
  double capacity = 1;
  double total = 0;
  std::size_t shards = 0;
};

/// Sums of one measure (rows or bytes).
struct ShardTotals {
  std::vector<NodeTotal> nodes;  ///< in the order given
  /// By the smallest shard id of each group of shards that move together.
  std::map<std::int64_t, double> shard_groups;
};

/// All or nothing: an Error (protocol) that names the node and the first shard that `measured` does
/// not have, or whose node is none of `nodes`.
Result<ShardTotals> totals(const std::vector<ShardNode>& nodes,
                           const std::vector<ShardPlacement>& placements, const Measured& measured);

/// What one holds, and its capacity.
struct Holding {
  double value = 0;
  double capacity = 1;
};

/// Of values, each divided by its capacity, that should all be the same. An idle whole (all 0, or
/// no values) has a mean of 0.
struct Spread {
  double mean = 0;       ///< sum of all values / sum of all capacities
  double deviation = 0;  ///< standard deviation of the population, a unit of capacity as one
  double above = 0;      ///< how far the greatest lies over the mean
};
Spread spread(const std::vector<Holding>& holdings);

/// Totals of the nodes that count.
std::vector<Holding> counted(const ShardTotals& totals);

struct Hottest {
  std::int64_t shard = 0;  ///< smallest id of its group
  double value = 0;
  double sum = 0;  ///< of all groups
};
/// The hottest of all groups but those of these shards.
Hottest hottest(const ShardTotals& totals, const std::set<std::int64_t>& but = {});

}  // namespace homeostat
