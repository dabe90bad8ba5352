// SPDX-License-Identifier: Apache-2.0
// What a node lacks stops a plan before anything is ordered.
#include "controller/cli/shard_room.hpp"

#include <catch2/catch.hpp>

#include "controller/cli/shard_plan.hpp"

namespace homeostat::testing {
namespace {

using Catch::Matchers::Contains;

/// Two nodes of 100 GB, 50 free; a group of 10 GB on the first, one of 10 GB on the second.
ShardLayout roomy() {
  ShardLayout layout;
  NodeRoom room;
  room.disk = 100e9;
  room.disk_free = 50e9;
  layout.nodes = {{1, "w1", true, 1, room}, {2, "w2", true, 1, room}};
  for (const int node : {1, 2}) {
    ShardLayout::Group group;
    group.shard = 100 + node;
    group.shards = {group.shard};
    group.node_group = node;
    group.rows = 1000;
    group.bytes = 10e9;
    layout.groups.push_back(group);
  }
  return layout;
}

struct Asked {
  ShardLayout layout = roomy();
  NodeRoom& from = *layout.nodes[0].room;
  NodeRoom& to = *layout.nodes[1].room;
  /// Empty: the move, or the split, is let through.
  std::string move() const { return room_problem(layout, {{101, 2, 10e9}}).value_or(""); }
  std::string split() const {
    return room_problem(layout, ShardSplit{101, 2, 10e9, false, ""}).value_or("");
  }
};

}  // namespace

TEST_CASE(
    "a node that gives needs slots, senders and logical WAL, and is named with what mends it") {
  Asked asked;
  CHECK(asked.move().empty());
  CHECK(asked.split().empty());
  asked.from.slots = 8;
  CHECK(asked.move().empty());
  asked.from.slots = 9;
  CHECK(
      asked.move() ==
      "node `w1`: max_replication_slots is 10, 9 are used, and to copy shards off it takes 2 more: "
      "ALTER SYSTEM SET max_replication_slots = 17; and restart the server when it suits");
  CHECK(asked.split() == asked.move());
  asked.from.slots = 0;
  asked.from.max_senders = 1;
  CHECK_THAT(asked.move(), Contains("max_wal_senders is 1, 0 are used"));
  CHECK_THAT(asked.split(), Contains("node `w1`: max_wal_senders"));
  asked.from.wal_level = "replica";
  CHECK_THAT(asked.move(), Contains("node `w1`: wal_level is replica"));
  CHECK_THAT(asked.split(), Contains("ALTER SYSTEM SET wal_level = logical;"));
  // The one that takes needs none of them.
  CHECK(room_problem(asked.layout, {{102, 1, 10e9}}).value_or("").empty());
}

TEST_CASE("a node that takes needs somebody who catches up") {
  Asked asked;
  asked.to.max_logical = 1;
  CHECK_THAT(asked.move(), Contains("node `w2`: max_logical_replication_workers is 1"));
  CHECK_THAT(asked.split(), Contains("node `w2`: max_logical_replication_workers is 1"));
}

TEST_CASE(
    "what moves would leave too little disk free is refused, all that comes counted together") {
  Asked asked;
  asked.to.disk_free = 20e9;
  CHECK(asked.move().empty());
  CHECK(asked.split().empty());
  asked.to.disk_free = 19e9;
  CHECK(asked.move() ==
        "node `w2` has 19 GB of 100 GB free, and 10 GB would come: less than 10 % would be left, "
        "which Citus refuses: make room there, by a larger disk or by dropping old partitions");
  CHECK_THAT(asked.split(), Contains("node `w2` has 19 GB"));
  asked.to.disk_kept = 0.05;
  CHECK(asked.move().empty());
  CHECK_THAT(room_problem(asked.layout, {{101, 2, 10e9}, {103, 2, 5e9}}).value_or(""),
             Contains("15 GB would come: less than 5 %"));
  // A split copies beside the group that is still there.
  asked.from.disk_free = 11e9;
  CHECK(asked.move().empty());
  CHECK_THAT(asked.split(), Contains("node `w1` has 11 GB"));
  // What nobody knows stops nothing.
  asked.from.disk_free.reset();
  CHECK(asked.split().empty());
  asked.layout.nodes[0].room.reset();
  asked.layout.nodes[1].room.reset();
  CHECK(room_problem(asked.layout, {{101, 2, 90e9}}).value_or("").empty());
}

TEST_CASE(
    "a split needs the output plugin of Citus where the server asks for it, a move does not") {
  Asked asked;
  asked.from.plugins = "pgoutput, test_decoding";
  CHECK(asked.move().empty());
  CHECK_THAT(asked.split(),
             Contains("node `w1`: output_plugin_libraries is pgoutput, test_decoding, "
                      "without citus") &&
                 Contains("pg_reload_conf()"));
  asked.from.plugins = "pgoutput, test_decoding, citus";
  CHECK(asked.split().empty());
}

TEST_CASE("who reads a node's changes is not given copies of shards as new rows (H51)") {
  Asked asked;
  asked.from.readers = {"warehouse"};
  CHECK(asked.move().empty());
  // A part of what is split is copied to where it is.
  CHECK_THAT(asked.split(), Contains("node `w1`: who reads its changes by the slot `warehouse`"));
  asked.from.readers.clear();
  asked.to.readers = {"warehouse"};
  CHECK_THAT(asked.move(), Contains("node `w2`: who reads its changes by the slot `warehouse`") &&
                               Contains("postgres.citus.change_slots"));
  CHECK_THAT(asked.split(), Contains("node `w2`"));
}

TEST_CASE("a node of which nobody knows what it has takes nothing, and that is said (H51)") {
  Asked asked;
  asked.layout.nodes[1].room.reset();
  asked.layout.nodes[1].room_unknown = "permission denied";
  CHECK(asked.move() ==
        "node `w2`: whether shards can be copied there is not known: permission denied");
  CHECK_THAT(asked.split(), Contains("node `w2`"));
}

TEST_CASE("neither lever orders what a node has no room for") {
  auto layout = roomy();
  layout.groups[1].node_group = 1;
  const auto moves = [&] { return plan_shards(layout, LeverValue{}, TimePoint{}); };
  REQUIRE(moves().has_value());
  layout.nodes[0].room->wal_level = "minimal";
  REQUIRE_FALSE(moves().has_value());
  CHECK(moves().error().code == ErrorCode::refused);
  CHECK_THAT(moves().error().context, Contains("wal_level is minimal"));
  layout.groups.pop_back();
  const auto split = [&] { return choose_split(layout, LeverValue{}, TimePoint{}); };
  REQUIRE_FALSE(split().has_value());
  CHECK(split().error().code == ErrorCode::refused);
  CHECK_THAT(split().error().context, Contains("wal_level is minimal"));
  layout.nodes[0].room->wal_level = "logical";
  CHECK(split().has_value());
}

}  // namespace homeostat::testing
