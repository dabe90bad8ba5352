// SPDX-License-Identifier: Apache-2.0
// `zones: auto` of `inventory`: so many zones of each node of Citus, among which its shards are
// dealt.
#pragma once

#include <string_view>
#include <vector>

#include "policies/loader/config.hpp"
#include "policies/loader/keys.hpp"
#include "policies/loader/loader.hpp"
#include "policies/loader/value.hpp"

namespace homeostat::loader {

inline constexpr std::string_view kAutoZones = "auto";

/// `zones_per_node`, for the table of keys.
Key zones_per_node_key();

/// Whether `zones` is the word. `zones_per_node` beside a list, or beside nothing, is reported.
bool wants_auto_zones(const Value& inventory, std::vector<Finding>& errors);

/// NODE.1, NODE.2 … of every node but the coordinator, in the nodes' order. Reported: no Citus, no
/// ledger beside its coordinator, no other node, names that are too long. REQUIRES: the nodes are
/// read.
std::vector<ZoneConfig> auto_zones(const Value& inventory, const Config& config,
                                   std::vector<Finding>& errors);

}  // namespace homeostat::loader
