// SPDX-License-Identifier: Apache-2.0
// The planner of shard moves on random layouts: what it promises is checked by counting again.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>
#include <random>
#include <set>

#include "actuators/placement/joint_plan.hpp"
#include "actuators/placement/obstacles.hpp"

namespace homeostat::placement {
namespace {

using Kind = Obstacle::Kind;

/// Zipf sizes, in a random order, round-robin over the first `filled` nodes.
Problem layout(std::uint64_t seed, std::size_t groups, std::size_t nodes, double zipf,
               int colocations = 1, std::size_t filled = 0) {
  std::mt19937_64 random(seed);
  Problem problem;
  for (std::size_t node = 0; node < nodes; ++node) {
    problem.nodes.push_back({static_cast<int>(node) + 1, "worker-" + std::to_string(node + 1)});
  }
  for (int colocation = 0; colocation < colocations; ++colocation) {
    std::vector<double> sizes;
    for (std::size_t i = 0; i < groups; ++i) {
      sizes.push_back(1e6 * std::pow(static_cast<double>(i + 1), -zipf));
    }
    std::shuffle(sizes.begin(), sizes.end(), random);
    for (std::size_t i = 0; i < groups; ++i) {
      ShardGroup group;
      group.shard = 1000 * colocation + static_cast<int>(i);
      group.colocation = colocation;
      group.node = i % (filled == 0 ? nodes : filled);
      group.weight = sizes[i];
      group.bytes = sizes[i];
      problem.groups.push_back(std::move(group));
    }
  }
  return problem;
}

Problem carried_out(Problem problem, const Plan& plan) {
  for (const auto& move : plan.moves) problem.groups[move.group].node = move.to;
  return problem;
}

/// Whether the nodes are within the deviation, and everybody where he may be: counted anew.
bool is_even(const Problem& problem) {
  double weight = 0;
  double capacity = 0;
  std::vector<double> sums(problem.nodes.size(), 0);
  for (const auto& group : problem.groups) {
    weight += group.weight;
    sums[group.node] += group.weight;
    const auto& allowed = group.allowed;
    if (!problem.nodes[group.node].takes_shards) return false;
    if (!allowed.empty() && std::count(allowed.begin(), allowed.end(), group.node) == 0) {
      return false;
    }
  }
  for (const auto& node : problem.nodes) capacity += node.takes_shards ? node.capacity : 0;
  for (std::size_t node = 0; node < sums.size(); ++node) {
    if (!problem.nodes[node].takes_shards) continue;
    const double share = weight * problem.nodes[node].capacity / capacity;
    if (std::abs(sums[node] - share) > share * (problem.deviation + 1e-6)) return false;
  }
  return true;
}

/// The fullest node beside its fair share, after each of the moves.
std::vector<double> fullest_by_step(Problem problem, const Plan& plan) {
  const auto shares = fair_shares(problem);
  std::vector<double> found;
  const auto look = [&] {
    const auto sums = loads(problem);
    double most = 0;
    for (std::size_t node = 0; node < sums.size(); ++node) {
      if (shares[node] > 0) most = std::max(most, sums[node] / shares[node]);
    }
    found.push_back(most);
  };
  look();
  for (const auto& move : plan.moves) {
    problem.groups[move.group].node = move.to;
    look();
  }
  return found;
}

void check_plan(const Problem& problem, const Plan& made) {
  const auto after = carried_out(problem, made);
  CHECK(made.even == is_even(after));
  double bytes = 0;
  std::set<std::size_t> moved;
  for (const auto& move : made.moves) {
    bytes += problem.groups[move.group].bytes;
    CHECK(moved.insert(move.group).second);
    CHECK(move.to != problem.groups[move.group].node);
    CHECK(may_hold(problem, move.group, move.to));
  }
  CHECK(made.bytes == Approx(bytes));
  const auto sums = loads(after);
  for (std::size_t node = 0; node < sums.size(); ++node) {
    CHECK(made.after[node] == Approx(sums[node]).margin(1e-3));
  }
  if (made.even) {
    CHECK(made.obstacles.empty());
    CHECK(made.bytes >= made.least_bytes * (1 - 1e-9));
    CHECK(plan(after).moves.empty());
  }
  if (!made.order_raises) {
    const auto fullest = fullest_by_step(problem, made);
    CHECK(std::is_sorted(fullest.rbegin(), fullest.rend(),
                         [](double one, double other) { return one < other - 1e-6 * other; }));
  }
}

TEST_CASE("placement: random layouts come within the deviation, rules and drained nodes included") {
  std::mt19937_64 random(7);
  const auto below = [&](std::size_t count) { return random() % count; };
  int even = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    const auto nodes = 2 + below(6);
    auto problem =
        layout(seed, nodes * (6 + below(8)), nodes, 0.2 + 0.1 * static_cast<double>(below(5)),
               1 + static_cast<int>(below(3)));
    for (auto& group : problem.groups) {
      if (below(20) == 0) group.allowed = {below(nodes), below(nodes)};
      group.bytes *= 1 + static_cast<double>(below(3));
    }
    if (nodes > 3 && below(3) == 0) problem.nodes[below(nodes)].takes_shards = false;
    if (below(3) == 0) problem.nodes[below(nodes)].capacity = 2;
    const auto made = plan(problem);
    check_plan(problem, made);
    even += made.even ? 1 : 0;
    if (!made.even && made.obstacles.empty()) WARN("seed " << seed << ": nothing found or proven");
  }
  CHECK(even > 12);
}

TEST_CASE(
    "placement: a new empty node is filled, and a marked one drained, with little more bytes") {
  auto grown = layout(3, 128, 8, 0.5, 1, 7);
  const auto filled = plan(grown);
  check_plan(grown, filled);
  CHECK(filled.even);
  CHECK(filled.before[7] == 0);
  CHECK(filled.bytes <= 1.15 * filled.least_bytes);

  auto shrunk = layout(3, 128, 8, 0.5);
  shrunk.nodes[2].takes_shards = false;
  const auto drained = plan(shrunk);
  check_plan(shrunk, drained);
  CHECK(drained.even);
  CHECK(drained.after[2] == Approx(0).margin(1e-3));
}

TEST_CASE("placement: colocation groups are planned together, not one by one") {
  const auto problem = layout(5, 32, 8, 0.8, 6);
  const auto made = plan(problem);
  check_plan(problem, made);
  CHECK(made.even);
  CHECK(made.bytes <= 1.25 * made.least_bytes);
}

TEST_CASE("placement: what no move can mend is proven and named, with what would") {
  auto large = layout(1, 32, 32, 0.5);
  const auto split = plan(large);
  CHECK_FALSE(split.even);
  REQUIRE_FALSE(split.obstacles.empty());
  CHECK(split.obstacles[0].kind == Kind::too_large);
  CHECK(describe(large, split.obstacles[0]).find("split it") != std::string::npos);
  // What stands in the way is the largest.
  const auto largest = std::max_element(
      large.groups.begin(), large.groups.end(),
      [](const auto& one, const auto& other) { return one.weight < other.weight; });
  CHECK(std::any_of(split.obstacles.begin(), split.obstacles.end(), [&](const auto& obstacle) {
    return large.groups[*obstacle.group].shard == largest->shard;
  }));

  auto pinned = layout(1, 64, 4, 0.2);
  for (std::size_t i = 0; i < 40; ++i) pinned.groups[i].allowed = {0};
  const auto crowded = plan(pinned);
  CHECK_FALSE(crowded.even);
  REQUIRE_FALSE(crowded.obstacles.empty());
  CHECK(crowded.obstacles[0] == Obstacle{Kind::crowded, {}, {0}});
  for (const auto& group : carried_out(pinned, crowded).groups) {
    CHECK((group.allowed.empty() || group.node == 0));
  }

  auto nowhere = layout(1, 16, 4, 0.2);
  nowhere.groups[5].allowed = {3};
  nowhere.nodes[3].takes_shards = false;
  const auto lost = plan(nowhere);
  CHECK_FALSE(lost.even);
  CHECK(lost.obstacles[0] == Obstacle{Kind::no_node, 5, {}});

  auto few = layout(1, 3, 4, 0);
  const auto too_few = plan(few);
  CHECK(std::any_of(too_few.obstacles.begin(), too_few.obstacles.end(),
                    [](const auto& obstacle) { return obstacle.kind == Kind::too_few; }));

  auto unloved = layout(1, 64, 4, 0.2);
  for (std::size_t i = 0; i < 62; ++i) unloved.groups[i].allowed = {0, 1, 2};
  const auto starved = plan(unloved);
  CHECK(std::any_of(starved.obstacles.begin(), starved.obstacles.end(), [](const auto& obstacle) {
    return obstacle == Obstacle{Kind::starved, {}, {3}};
  }));
}

/// The fewest bytes of all assignments; nothing: none is even.
std::optional<double> fewest_bytes(const Problem& problem) {
  std::optional<double> fewest;
  auto tried = problem;
  const auto count = problem.groups.size();
  std::size_t all = 1;
  for (std::size_t i = 0; i < count; ++i) all *= problem.nodes.size();
  for (std::size_t number = 0; number < all; ++number) {
    double bytes = 0;
    auto rest = number;
    for (std::size_t i = 0; i < count; ++i, rest /= problem.nodes.size()) {
      tried.groups[i].node = rest % problem.nodes.size();
      if (tried.groups[i].node != problem.groups[i].node) bytes += problem.groups[i].bytes;
    }
    if ((!fewest || bytes < *fewest) && is_even(tried)) fewest = bytes;
  }
  return fewest;
}

TEST_CASE("placement: of small layouts the best plan is found, and feasibility agrees") {
  int even = 0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    CAPTURE(seed);
    auto problem = layout(seed, 8, 3, 0.4);
    problem.deviation = 0.12;
    const auto made = plan(problem);
    const auto best = fewest_bytes(problem);
    CHECK(made.even == best.has_value());
    if (!best) continue;
    ++even;
    CHECK(made.bytes >= *best * (1 - 1e-9));
    CHECK(made.least_bytes <= *best * (1 + 1e-9));
    // The reserve costs a tenth at most.
    CHECK(made.bytes <= *best * 1.1 * 1.02);
    auto stricter = problem;
    stricter.deviation *= 0.95;
    if (const auto reserved = fewest_bytes(stricter)) CHECK(made.bytes <= *reserved * 1.02);
  }
  CHECK(even > 2);
}

TEST_CASE("placement: the same problem has the same plan, and nothing has none") {
  const auto problem = layout(11, 64, 8, 0.6);
  CHECK(plan(problem).moves == plan(problem).moves);
  CHECK(plan({}).even);
  Problem empty;
  empty.nodes = {{1, "a"}, {2, "b"}};
  CHECK(plan(empty).even);
  auto idle = layout(1, 8, 2, 0.5);
  for (auto& group : idle.groups) group.weight = 0;
  CHECK(plan(idle).even);
}

}  // namespace
}  // namespace homeostat::placement
