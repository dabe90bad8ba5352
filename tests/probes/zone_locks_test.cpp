// SPDX-License-Identifier: Apache-2.0
#include "probes/zone_locks.hpp"

#include <catch2/catch.hpp>

using namespace homeostat;

TEST_CASE("zone locks: what the server says of shards is read whole or not at all") {
  const auto read = read_shard_counts("[[102008, 7, 6, 5, 4], [102012, 1, 0, 0, 0]]");
  REQUIRE(read.has_value());
  CHECK(*read == ShardCounts{{102008, {7, 6, 5, 4}}, {102012, {1, 0, 0, 0}}});
  CHECK(read_shard_counts("[]") == ShardCounts{});
  for (const auto* broken : {"", "{}", "[[102008, 7, 6, 5]]", "[[102008, 7, 6, 5, \"4\"]]",
                             "[[102008, 7, 6, 5, 4], 1]", "[[102008, 7, 6, 5, 4]"}) {
    INFO(broken);
    CHECK_FALSE(read_shard_counts(broken).has_value());
  }
}

TEST_CASE("zone locks: a zone has what its shards have, and unknown numbers are nobody's") {
  const ShardZones zone_of{{1, "a"}, {2, "b"}, {3, "a"}, {4, "of another node"}};
  const auto zones = counts_of_zones({"a", "b", "c"},
                                     {{1, {4, 3, 2, 1}},
                                      {2, {1, 0, 0, 0}},
                                      {3, {10, 5, 5, 2}},
                                      {4, {8, 8, 8, 8}},
                                      {9, {6, 6, 6, 6}}},
                                     zone_of);
  CHECK(zones ==
        std::map<std::string, LockCounts>{{"a", {14, 8, 7, 3}}, {"b", {1, 0, 0, 0}}, {"c", {}}});
}
