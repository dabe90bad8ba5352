// SPDX-License-Identifier: Apache-2.0
// The coordinator's own view of a Citus cluster, and who of it is who of the configuration. For
// citus_shards.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "probes/citus_node.hpp"
#include "probes/shard_balance.hpp"

namespace homeostat {

struct CitusLayout {
  struct Node {
    std::string address;  ///< as Citus knows it, for errors
    bool should_have = false;
  };
  std::map<int, Node> nodes;  ///< by group
  std::vector<ShardPlacement> placements;
  std::set<std::int64_t> single;  ///< shards of a single hash
};

/// An Error (`refused`) that says what it is instead, where `coordinator` is none.
boost::asio::awaitable<Result<CitusLayout>> read_citus_layout(CitusNode& coordinator, TimePoint now,
                                                              Duration deadline);

/// The nodes that hold shards, or should, by the group that each of `candidates` gives itself;
/// capacities are left at 1. An Error when one of them is nobody's, or did not answer.
Result<std::vector<ShardNode>> match_nodes(
    const CitusLayout& layout, const std::vector<std::unique_ptr<CitusNode>>& candidates);

}  // namespace homeostat
