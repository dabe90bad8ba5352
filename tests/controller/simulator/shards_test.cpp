// SPDX-License-Identifier: Apache-2.0
// The plant shards, and the moves that it makes.
#include "controller/simulator/shards.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/controller/simulator/scenarios.hpp"

using namespace homeostat;
using namespace homeostat::testing;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

const LeversInForce kEvenOut{{{"rebalance", "cluster"}, LeverValue{{{"deviation", 0.10}}}}};

Placement uneven_shards(std::uint64_t seed) {
  Random random(seed, 1);
  Placement placement;
  placement.nodes = 8;
  for (int shard = 0; shard < 128; ++shard) {
    placement.bytes.push_back(1e9 * random.between(1, 10));
    placement.node.push_back(static_cast<std::size_t>(random.uniform() * 8));
  }
  return placement;
}

/// Six weeks in which the shards of one node grow forty times as fast.
Shards grown() {
  Shards plant({}, Random(1, 1));
  const Incident popular{TimePoint{}, TimePoint{} + 24h * 365, 40, "growth", false};
  for (int hour = 0; hour < 6 * 7 * 24; ++hour) {
    REQUIRE(plant.advance(1h, {popular}, {}).has_value());
  }
  return plant;
}

}  // namespace

TEST_CASE("invariant 7: plans reach their aim, never fill the fullest node, and leave nothing") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    auto placement = uneven_shards(seed);
    const auto plan = plan_moves(placement, 0.10);
    INFO("seed " << seed);
    REQUIRE(plan.reaches);
    CHECK(plan.bytes >= plan.least_bytes);
    CHECK(plan.bytes <= 3 * plan.least_bytes);
    CHECK(plan.moves.size() <= 12);  // of 128 shards
    for (const auto& [shard, to] : plan.moves) {
      const auto before = node_bytes(placement);
      placement.node[shard] = to;
      const auto after = node_bytes(placement);
      CHECK(*std::max_element(after.begin(), after.end()) <=
            *std::max_element(before.begin(), before.end()));
    }
    CHECK(largest_excess(node_bytes(placement)) <= 0.10);
    CHECK(plan_moves(placement, 0.10).moves.empty());
  }
}

TEST_CASE("invariant 7: a shard that is more than a node may hold is named") {
  ShardsParameters parameters;
  parameters.nodes = 32;
  parameters.shards = 32;
  const Shards plant(parameters, Random(1, 1));
  REQUIRE(plant.findings().size() == 1);
  CHECK(plant.findings().front().invariant == 7);
  CHECK_THAT(plant.findings().front().text,
             Contains("infeasible: shard 0 alone is ") && Contains("at most 1.1 may be on one"));
  CHECK(Shards({}, Random(1, 1)).findings().empty());
}

TEST_CASE("shards: figures of nodes and shards are those of the bytes that they hold") {
  CHECK(variation({1, 3}) == Approx(0.5));
  CHECK(variation({2, 2}) == 0);
  CHECK(largest_excess({1, 1, 4}) == Approx(1));
  Shards plant({}, Random(1, 1));
  REQUIRE(plant.advance(1s, {}, {}).has_value());
  CHECK(plant.samples()[0].signal == "citus_node_cv");
  CHECK(plant.samples()[0].numerator < 0.05);  // well spread
  CHECK(plant.samples()[2].signal == "citus_shard_cv");
  CHECK(plant.samples()[2].numerator > 1);
}

TEST_CASE("shards: a tenant that became popular makes nodes uneven, and moves even them out") {
  auto plant = grown();
  CHECK(plant.samples()[0].numerator > 0.3);
  CHECK(plant.samples()[1].numerator > 0.5);
  REQUIRE(plant.advance(1s, {}, kEvenOut).has_value());
  CHECK(plant.rebalance().phase == Shards::Phase::running);
  const double planned = plant.rebalance().bytes_done + plant.rebalance().bytes_left;
  int seconds = 1;
  for (; plant.rebalance().phase == Shards::Phase::running && seconds < 86'400; ++seconds) {
    REQUIRE(plant.advance(1s, {}, kEvenOut).has_value());
  }
  CHECK(plant.rebalance().phase == Shards::Phase::finished);
  CHECK(plant.samples()[1].numerator <= 0.10);
  CHECK(plant.rebalance().bytes_done == Approx(planned).epsilon(0.01));
  CHECK(seconds == Approx(planned / 1e8).epsilon(0.02));
}

TEST_CASE("shards: a rebalance that is given back stops, keeps what is done, and can begin again") {
  auto plant = grown();
  for (int minute = 0; minute < 600 && plant.rebalance().moves < 2; ++minute) {
    REQUIRE(plant.advance(1min, {}, kEvenOut).has_value());
  }
  REQUIRE(plant.rebalance().phase == Shards::Phase::running);
  const auto placed = plant.placement().node;
  REQUIRE(plant.advance(1s, {}, {}).has_value());
  CHECK(plant.rebalance().phase == Shards::Phase::stopped);
  REQUIRE(plant.advance(1h, {}, {}).has_value());
  CHECK(plant.placement().node == placed);
  REQUIRE(plant.advance(1s, {}, kEvenOut).has_value());
  CHECK(plant.rebalance().phase == Shards::Phase::running);
  CHECK(plant.rebalance().moves == 0);
}

TEST_CASE("shards: what is finished does not begin again while the lever stands") {
  auto plant = grown();
  REQUIRE(plant.advance(24h, {}, kEvenOut).has_value());
  REQUIRE(plant.rebalance().phase == Shards::Phase::finished);
  const auto done = plant.rebalance().bytes_done;
  REQUIRE(plant.advance(1h, {}, kEvenOut).has_value());
  CHECK(plant.rebalance().phase == Shards::Phase::finished);
  CHECK(plant.rebalance().bytes_done == done);
}
