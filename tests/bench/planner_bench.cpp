// SPDX-License-Identifier: Apache-2.0
// What a planner of shard moves makes of random layouts: the same ones on every machine.
//
// Usage: planner_bench PLANNER SHARDS NODES ZIPF COLOCATIONS NEW RULES SEEDS
//   PLANNER      ours; or Citus' own (a model): default, tight
//   SHARDS       of each colocation group, sizes by Zipf's law with the exponent ZIPF, 1 TB
//   together COLOCATIONS  how many colocation groups NEW          so many of the NODES are empty;
//   the shards, shuffled, are dealt over the others RULES        1: each group may be on its own
//   node and a random half of all; 0: anywhere
//
// Prints a line a seed: 1 when every node is within 10 % of the mean, otherwise 0; the largest
// deviation; moves; bytes that they copy; bytes that any plan copies at least; microseconds of one
// core; 1 when it is proven that no plan can bring that about, otherwise 0.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "actuators/placement/joint_plan.hpp"
#include "actuators/placement/lower_bound.hpp"
#include "actuators/placement/obstacles.hpp"
#include "tests/bench/citus_planner.hpp"

namespace {

using namespace homeostat::placement;
using homeostat::testing::citus_plan;
using homeostat::testing::CitusStrategy;

constexpr double kTerabyte = 1e12;

struct Layout {
  int shards = 0;
  int nodes = 0;
  double zipf = 0;
  int colocations = 0;
  int empty = 0;
  bool rules = false;
};

struct Outcome {
  std::vector<double> after;  ///< bytes on each node
  std::size_t moves = 0;
  double bytes = 0;
};

Problem make(const Layout& layout, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto below = [&](std::size_t count) { return random() % count; };
  Problem problem;
  const auto nodes = static_cast<std::size_t>(layout.nodes);
  for (int node = 1; node <= layout.nodes; ++node) {
    problem.nodes.push_back({node, "worker-" + std::to_string(node)});
  }
  double sum = 0;
  for (int colocation = 0; colocation < layout.colocations; ++colocation) {
    std::vector<double> sizes;
    for (int i = 1; i <= layout.shards; ++i) sizes.push_back(std::pow(i, -layout.zipf));
    for (auto i = sizes.size(); i > 1; --i) std::swap(sizes[i - 1], sizes[below(i)]);
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      ShardGroup group;
      group.shard = colocation * layout.shards + static_cast<int>(i);
      group.colocation = colocation;
      group.node = i % static_cast<std::size_t>(layout.nodes - layout.empty);
      group.weight = sizes[i];
      if (layout.rules) {
        std::vector<std::size_t> others(nodes);
        for (std::size_t node = 0; node < nodes; ++node) others[node] = node;
        for (auto left = nodes; left > 1; --left) std::swap(others[left - 1], others[below(left)]);
        others.resize(nodes / 2);
        group.allowed = std::move(others);
        group.allowed.push_back(group.node);
      }
      sum += sizes[i];
      problem.groups.push_back(std::move(group));
    }
  }
  for (auto& group : problem.groups) group.bytes = group.weight *= kTerabyte / sum;
  return problem;
}

Outcome ours(const Problem& problem) {
  const auto made = plan(problem);
  return {made.after, made.moves.size(), made.bytes};
}

Outcome theirs(const Problem& problem, const CitusStrategy& strategy) {
  Outcome outcome{loads(problem), 0, 0};
  for (const auto& move : citus_plan(problem, strategy)) {
    const double bytes = problem.groups[move.group].bytes;
    outcome.after[move.from] -= bytes;
    outcome.after[move.to] += bytes;
    outcome.bytes += bytes;
    ++outcome.moves;
  }
  return outcome;
}

/// What somebody sets who wants it even: no part of a group's cost is invented.
constexpr CitusStrategy kTight{0.01, 0, 0};

double core_microseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

void judge(const std::string& planner, const Problem& problem) {
  const double began = core_microseconds();
  const auto outcome = planner == "ours"
                           ? ours(problem)
                           : theirs(problem, planner == "tight" ? kTight : CitusStrategy{});
  const double took = core_microseconds() - began;
  const auto shares = fair_shares(problem);
  double deviation = 0;
  for (std::size_t node = 0; node < shares.size(); ++node) {
    deviation = std::max(deviation, std::abs(outcome.after[node] / shares[node] - 1));
  }
  std::cout << (deviation <= problem.deviation + kRounding) << ' ' << deviation << ' '
            << outcome.moves << ' ' << outcome.bytes << ' ' << least_bytes(problem) << ' ' << took
            << ' ' << !obstacles(problem).empty() << '\n';
}

bool usable(const std::vector<std::string>& arguments) {
  if (arguments.size() != 8) return false;
  if (arguments[0] != "ours" && arguments[0] != "default" && arguments[0] != "tight") return false;
  const auto number = [&](std::size_t at) { return std::atoi(arguments[at].c_str()); };
  return number(1) > 0 && number(2) > number(5) && std::atof(arguments[3].c_str()) >= 0 &&
         number(4) > 0 && number(5) >= 0 && number(7) > 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (!usable(arguments)) {
    std::cerr << "usage: planner_bench ours|default|tight SHARDS NODES ZIPF COLOCATIONS NEW RULES "
                 "SEEDS\n";
    return 2;
  }
  const auto number = [&](std::size_t at) { return std::atoi(arguments[at].c_str()); };
  const Layout layout{number(1), number(2), std::atof(arguments[3].c_str()),
                      number(4), number(5), number(6) == 1};
  std::cout.precision(12);
  for (int seed = 1; seed <= number(7); ++seed) {
    judge(arguments[0], make(layout, static_cast<std::uint64_t>(seed)));
  }
  return 0;
}
