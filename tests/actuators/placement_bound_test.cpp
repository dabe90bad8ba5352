// SPDX-License-Identifier: Apache-2.0
// The planner on layouts so small that what is best can be said beforehand.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "actuators/placement/joint_plan.hpp"

namespace homeostat::placement {
namespace {

struct Placed {
  std::size_t node;
  double weight;
  double bytes;
  int colocation = 1;
};

Problem placed(std::size_t nodes, const std::vector<Placed>& groups) {
  Problem problem;
  for (std::size_t node = 0; node < nodes; ++node) {
    problem.nodes.push_back({static_cast<int>(node) + 1, "worker"});
  }
  for (const auto& one : groups) {
    ShardGroup group;
    group.shard = static_cast<int>(problem.groups.size());
    group.colocation = one.colocation;
    group.node = one.node;
    group.weight = one.weight;
    group.bytes = one.bytes;
    problem.groups.push_back(std::move(group));
  }
  return problem;
}

}  // namespace

TEST_CASE("placement: the bound knows that groups are whole, and which of them are cheap") {
  // The first node is to lose 8, its groups weigh 10.
  const auto whole = plan(placed(2, {{0, 10, 70}, {0, 10, 30}, {0, 10, 90}, {1, 10, 10}}));
  CHECK(whole.even);
  CHECK(whole.bytes == 30);
  CHECK(whole.least_bytes == Approx(30));
  // All seven small ones are just enough. Were weights rounded down, the large one would be needed.
  std::vector<Placed> groups{{0, 20, 100}, {1, 8.37, 1}};
  for (int i = 0; i < 7; ++i) groups.push_back({0, 1.1443, 1});
  const auto just = plan(placed(2, groups));
  CHECK(just.even);
  CHECK(just.bytes == 7);
  CHECK(just.least_bytes <= 7);
  CHECK(just.least_bytes > 6.9);
}

TEST_CASE("placement: the bound has all that a drained node holds") {
  auto problem = placed(3, {{0, 20, 20}, {1, 20, 20}, {2, 1, 50}});
  problem.nodes[2].takes_shards = false;
  const auto made = plan(problem);
  CHECK(made.even);
  CHECK(made.least_bytes == Approx(50));
  CHECK(made.bytes == 50);
}

TEST_CASE("placement: a group above a fair share that is within the deviation is in nobody's way") {
  const auto made = plan(placed(2, {{0, 10.5, 1}, {0, 9.5, 1}}));
  CHECK(made.even);
  CHECK(made.obstacles.empty());
}

TEST_CASE("placement: a twentieth of the deviation is kept in reserve, and groups are spread") {
  // Twelve of the same, of two colocation groups, and a new node.
  std::vector<Placed> groups;
  for (std::size_t i = 0; i < 12; ++i) groups.push_back({i % 2, 1, 1, static_cast<int>(i / 6)});
  const auto problem = placed(3, groups);
  const auto spread = plan(problem);
  REQUIRE(spread.moves.size() == 4);
  CHECK(std::count_if(spread.moves.begin(), spread.moves.end(), [&](const Move& move) {
          return problem.groups[move.group].colocation == 0;
        }) == 2);
  // Either of two would do; the cheaper one leaves nothing in reserve.
  const auto with = [](double bytes) {
    return plan(placed(2, {{0, 90, 100}, {0, 10.2, 5}, {0, 19.8, bytes}, {1, 80, 100}}));
  };
  CHECK(with(5.4).even);
  CHECK(with(5.4).bytes == 5.4);
  // It is not worth more than a tenth of the bytes.
  CHECK(with(6).even);
  CHECK(with(6).bytes == 5);
}

TEST_CASE("placement: of many groups few more are copied than must be") {
  struct Case {
    std::size_t nodes;
    double zipf;
    double most;
  };
  // It is about which of a node's groups fit best where others lack something.
  for (const auto& one : {Case{24, 0.3, 1.07}, Case{32, 0.5, 1.04}}) {
    CAPTURE(one.nodes);
    std::vector<Placed> groups;
    for (std::size_t i = 0; i < 512; ++i) {
      const double size = std::pow(static_cast<double>(1 + (i * 181) % 512), -one.zipf);
      groups.push_back({(3 * i * i + i / 5) % one.nodes, size, size});
    }
    const auto made = plan(placed(one.nodes, groups));
    CHECK(made.even);
    CHECK(made.bytes <= one.most * made.least_bytes);
  }
}

}  // namespace homeostat::placement
