// SPDX-License-Identifier: Apache-2.0
// Which shards the operator's placement rules are about. For citus_shards.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "controller/ports/shard_layout.hpp"
#include "probes/citus_node.hpp"

namespace homeostat {

/// Where the shards of a table, or of some of its keys, may lie.
struct PlacementRule {
  std::string table;               ///< SCHEMA.TABLE, not quoted
  std::vector<std::string> keys;   ///< of its distribution column, as text; none: all shards
  std::vector<std::string> nodes;  ///< of postgres.nodes
};

struct RuledShards {
  std::vector<std::int64_t> shards;
  std::string problem;  ///< why the rule cannot be kept; empty: it can
};

/// By the coordinator's catalogs and hash function alone. In the order of `rules`. A rule that the
/// server does not accept (no such table, a key of another type) has a problem; an Error is one of
/// the connection.
boost::asio::awaitable<Result<std::vector<RuledShards>>> find_ruled_shards(
    CitusNode& coordinator, const std::vector<PlacementRule>& rules, Duration deadline);

/// Fills `allowed` of the layout's groups, and `unmet`. REQUIRES: `found` is of `rules`.
void apply_rules(const std::vector<PlacementRule>& rules, const std::vector<RuledShards>& found,
                 ShardLayout& layout);

/// Groups that lie where no rule of theirs allows it.
std::size_t misplaced(const ShardLayout& layout);

}  // namespace homeostat
