// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/shard_room.hpp"

#include <algorithm>
#include <cmath>

#include "controller/cli/text/quantity.hpp"

namespace homeostat {
namespace {

using Lack = std::optional<std::string>;

const ShardLayout::Node* node_of_group(const ShardLayout& layout, int group) {
  const auto found = std::find_if(layout.nodes.begin(), layout.nodes.end(),
                                  [&](const auto& node) { return node.group == group; });
  return found == layout.nodes.end() ? nullptr : &*found;
}

std::optional<int> home_of_shard(const ShardLayout& layout, std::int64_t shard) {
  for (const auto& group : layout.groups) {
    if (group.shard == shard) return group.node_group;
  }
  return std::nullopt;
}

Lack spare_problem(const std::string& node, const char* setting, int limit, int used) {
  if (limit - used >= kSpareSlots) return std::nullopt;
  return "node `" + node + "`: " + setting + " is " + std::to_string(limit) + ", " +
         std::to_string(used) + " are used, and to copy shards off it takes " +
         std::to_string(kSpareSlots) + " more: ALTER SYSTEM SET " + setting + " = " +
         std::to_string(used + 2 * kSpareSlots + 4) + "; and restart the server when it suits";
}

/// Of a node that shards are copied off.
Lack source_problem(const ShardLayout::Node* node) {
  if (node == nullptr || !node->room) return std::nullopt;
  const auto& room = *node->room;
  if (room.wal_level != "logical") {
    return "node `" + node->name + "`: wal_level is " + room.wal_level +
           ", and to copy shards off it without blocking writes takes logical: ALTER SYSTEM SET "
           "wal_level = logical; and restart the server when it suits";
  }
  if (auto slots = spare_problem(node->name, "max_replication_slots", room.max_slots, room.slots)) {
    return slots;
  }
  return spare_problem(node->name, "max_wal_senders", room.max_senders, room.senders);
}

/// Of a node that so much is copied to.
Lack target_problem(const ShardLayout::Node* node, double bytes) {
  if (node == nullptr) return std::nullopt;
  if (!node->room) {
    if (node->room_unknown.empty()) return std::nullopt;
    return "node `" + node->name +
           "`: whether shards can be copied there is not known: " + node->room_unknown;
  }
  const auto& room = *node->room;
  if (room.max_logical < kSpareSlots) {
    return "node `" + node->name + "`: max_logical_replication_workers is " +
           std::to_string(room.max_logical) +
           ", and no copy of a shard there can catch up: ALTER SYSTEM SET "
           "max_logical_replication_workers = 4; and restart the server when it suits";
  }
  if (!room.readers.empty()) {
    const auto& slot = room.readers.front();
    return "node `" + node->name + "`: who reads its changes by the slot `" + slot +
           "` would get the rows of a copied shard as new ones: where that is right, name the slot "
           "in postgres.citus.change_slots; otherwise ALTER SYSTEM SET "
           "citus.enable_change_data_capture = on; and read by Citus' own decoder";
  }
  if (!room.disk || !room.disk_free || *room.disk <= 0) return std::nullopt;
  const double left = *room.disk_free - bytes;
  if (left >= room.disk_kept * *room.disk) return std::nullopt;
  return "node `" + node->name + "` has " + text::bytes(*room.disk_free) + " of " +
         text::bytes(*room.disk) + " free, and " + text::bytes(bytes) + " would come: less than " +
         std::to_string(std::lround(100 * room.disk_kept)) +
         " % would be left, which Citus refuses: make room there, by a larger disk or by dropping "
         "old partitions";
}

}  // namespace

std::optional<std::string> room_problem(const ShardLayout& layout,
                                        const std::vector<ShardMoves::Move>& moves) {
  std::map<int, double> arriving;
  for (const auto& move : moves) {
    arriving[move.node_group] += move.bytes;
    const auto home = home_of_shard(layout, move.shard);
    if (!home) continue;
    if (auto problem = source_problem(node_of_group(layout, *home))) return problem;
  }
  for (const auto& [group, bytes] : arriving) {
    if (auto problem = target_problem(node_of_group(layout, group), bytes)) return problem;
  }
  return std::nullopt;
}

std::optional<std::string> room_problem(const ShardLayout& layout, const ShardSplit& split) {
  const auto home = home_of_shard(layout, split.shard);
  if (!home) return std::nullopt;
  const auto* from = node_of_group(layout, *home);
  if (auto problem = source_problem(from)) return problem;
  if (from != nullptr && from->room && from->room->plugins &&
      from->room->plugins->find("citus") == std::string::npos) {
    return "node `" + from->name + "`: output_plugin_libraries is " + *from->room->plugins +
           ", without citus, and no shard is split there without blocking writes: ALTER SYSTEM SET "
           "output_plugin_libraries = 'pgoutput', 'test_decoding', 'citus'; SELECT "
           "pg_reload_conf();";
  }
  if (auto problem = target_problem(from, split.bytes)) return problem;
  return target_problem(node_of_group(layout, split.node_group), split.bytes);
}

}  // namespace homeostat
