// SPDX-License-Identifier: Apache-2.0
// How much each shard is used, from what PostgreSQL counts of its table on the node where it lies.
// Pure: no clock, no server.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "policies/model/time.hpp"
#include "probes/shard_balance.hpp"

namespace homeostat {

/// What one node has counted of the tables that are named like shards.
struct NodeCounters {
  double since = 0;                    ///< when it last began to count (a crash, a reset); seconds
  std::map<std::string, double> rows;  ///< read and written since then, by table
};

/// Rows that were read and written a second, over windows that follow one another. A window tells
/// nothing unless all of it can be told: a shard that was not on its node when the window began has
/// its own copying among what is counted there, and a node that has begun to count anew has lost a
/// part. Then nothing is known until a later window ends whole. What is counted is what is done to
/// rows, by whomever: an index that is built, a dump, a shard that is copied away read each one.
class ShardLoad {
 public:
  /// REQUIRES: window > 0.
  explicit ShardLoad(Duration window);

  /// The counters are to be read: the window under way is over, or there is none.
  bool due(TimePoint now) const;

  /// Ends the window under way, if there is one, and begins the next. `nodes` by group; who is
  /// missing there did not tell. REQUIRES: later than the last call.
  void add(std::map<int, NodeCounters> nodes, const std::vector<ShardPlacement>& placements,
           TimePoint now);

  /// Rows a second in the newest window, by group and table; nothing: not known.
  const std::optional<Measured>& rates() const { return rates_; }
  /// Why not; empty when they are known.
  const std::string& unknown() const { return unknown_; }

 private:
  struct Begun {
    TimePoint at{};
    std::map<int, NodeCounters> nodes;
    std::set<std::pair<int, std::string>> placed;  ///< group and table
  };
  Result<Measured> rates_since(const Begun& begun, const std::map<int, NodeCounters>& nodes,
                               const std::vector<ShardPlacement>& placements, TimePoint now) const;

  Duration window_;
  std::optional<Begun> begun_;
  std::optional<Measured> rates_;
  std::string unknown_;
};

}  // namespace homeostat
