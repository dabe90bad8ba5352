// SPDX-License-Identifier: Apache-2.0
#include "probes/shard_balance.hpp"

#include <catch2/catch.hpp>

namespace homeostat::testing {
namespace {

const std::vector<ShardNode> kTwoNodes{{1, "a", true}, {2, "b", true}};

// Two tables that move together, two shards each.
const std::vector<ShardPlacement> kPlacements{{104, 1, "public.u_104", 1, "0"},
                                              {102, 1, "public.t_102", 1, "0"},
                                              {103, 2, "public.t_103", 1, "5"},
                                              {105, 2, "public.u_105", 1, "5"}};

Measured rows_of_all() {
  return {{{1, "public.t_102"}, 10},
          {{1, "public.u_104"}, 50},
          {{2, "public.t_103"}, 5},
          {{2, "public.u_105"}, 15}};
}

}  // namespace

TEST_CASE("rows of a shard never analyzed are those that the statistics count") {
  const auto count = row_count({-1, 42, false});
  CHECK(count.rows == 42);
  CHECK_FALSE(count.stale);
}

TEST_CASE("rows of a shard analyzed since the statistics began are the live ones") {
  const auto count = row_count({1000, 1042, true});
  CHECK(count.rows == 1042);
  CHECK_FALSE(count.stale);
}

TEST_CASE("rows of a shard whose statistics a crash has emptied are the old ones, called stale") {
  const auto count = row_count({1000, 0, false});
  CHECK(count.rows == 1000);
  CHECK(count.stale);
}

TEST_CASE("shards that move together are one group, named by the smallest id") {
  const auto sums = totals(kTwoNodes, kPlacements, rows_of_all());
  REQUIRE(sums.has_value());
  CHECK(sums->nodes[0].total == 60);
  CHECK(sums->nodes[0].shards == 2);
  CHECK(sums->nodes[1].total == 20);
  CHECK(sums->shard_groups == std::map<std::int64_t, double>{{102, 60}, {103, 20}});
  CHECK(hottest(*sums).shard == 102);
  CHECK(hottest(*sums).value == 60);
  CHECK(hottest(*sums).sum == 80);
  CHECK(hottest(*sums, {102}).shard != 102);
  CHECK(hottest(*sums, {102}).sum == 80);
}

TEST_CASE("a node that answers with a part of its shards makes the whole an error") {
  auto measured = rows_of_all();
  measured.erase({2, "public.u_105"});
  const auto sums = totals(kTwoNodes, kPlacements, measured);
  REQUIRE_FALSE(sums.has_value());
  CHECK(sums.error().context == "node `b` answered without its shard 105");
}

TEST_CASE("the same table on another node does not stand in for the missing one") {
  auto measured = rows_of_all();
  measured.erase({2, "public.u_105"});
  measured[{1, "public.u_105"}] = 15;  // left over from a move
  CHECK_FALSE(totals(kTwoNodes, kPlacements, measured).has_value());
}

TEST_CASE("a shard on a node that is not configured makes the whole an error") {
  const auto sums = totals({{1, "a", true}}, kPlacements, rows_of_all());
  REQUIRE_FALSE(sums.has_value());
  CHECK(sums.error().context == "shard 103 lies on node group 2, which is none of postgres.nodes");
}

TEST_CASE("the spread is that of the population: 2, 4, 4, 4, 5, 5, 7, 9 has mean 5, deviation 2") {
  const auto found = spread({{2}, {4}, {4}, {4}, {5}, {5}, {7}, {9}});
  CHECK(found.mean == Approx(5));
  CHECK(found.deviation == Approx(2));
  CHECK(found.above == Approx(4));
}

TEST_CASE("nothing at all has no spread and no mean") {
  CHECK(spread({}).mean == 0);
  CHECK(spread({{0}, {0}}).deviation == 0);
}

TEST_CASE("a node of twice the capacity is even with twice as much") {
  const auto even = spread({{20, 1}, {20, 1}, {40, 2}});
  CHECK(even.mean == Approx(20));
  CHECK(even.deviation == Approx(0).margin(1e-9));
  CHECK(even.above == Approx(0).margin(1e-9));
  // As four nodes of capacity 1 that hold 10, 20, 25, 25.
  const auto uneven = spread({{10, 1}, {20, 1}, {50, 2}});
  CHECK(uneven.deviation == Approx(spread({{10}, {20}, {25}, {25}}).deviation));
  CHECK(uneven.above == Approx(5));
}

TEST_CASE("an empty node counts, a node that is being drained does not") {
  const std::vector<ShardNode> nodes{{1, "a", true}, {2, "b", false}, {3, "new", true, 2}};
  const auto sums = totals(nodes, kPlacements, rows_of_all());
  REQUIRE(sums.has_value());
  const auto holdings = counted(*sums);
  REQUIRE(holdings.size() == 2);
  CHECK(holdings[0].value == 60);
  CHECK(holdings[1].value == 0);
  CHECK(holdings[1].capacity == 2);
}

}  // namespace homeostat::testing
