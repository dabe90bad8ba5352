// SPDX-License-Identifier: Apache-2.0
#include "actuators/placement/search.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace homeostat::placement {
namespace {

constexpr double kCold = 1e-7;
constexpr std::size_t kStepsOfAGroup = 600;
constexpr std::size_t kLeastSteps = 6'000;
constexpr std::size_t kMostSteps = 800'000;
constexpr double kNoGain = -1e-12;

/// The standard library's distributions are not the same everywhere.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : bits_{seed} {}
  std::size_t below(std::size_t count) { return bits_() % count; }
  double share() { return static_cast<double>(bits_() >> 11U) * 0x1p-53; }

 private:
  std::mt19937_64 bits_;
};

/// The best node for a group that cannot stay; nothing where no node may take it.
void find_room(Assignment& assignment, std::size_t group) {
  double best = std::numeric_limits<double>::infinity();
  std::size_t to = assignment.nodes();
  for (std::size_t node = 0; node < assignment.nodes(); ++node) {
    if (node == assignment.node_of(group) || !assignment.may(group, node)) continue;
    const double price = assignment.price_of(group, node);
    if (price < best) {
      best = price;
      to = node;
    }
  }
  if (to < assignment.nodes()) assignment.move(group, to);
}

void make_legal(Assignment& assignment) {
  const auto& groups = assignment.problem().groups;
  std::vector<std::size_t> wrong;
  for (std::size_t group = 0; group < groups.size(); ++group) {
    if (!assignment.may(group, assignment.node_of(group))) wrong.push_back(group);
  }
  std::stable_sort(wrong.begin(), wrong.end(), [&](std::size_t a, std::size_t b) {
    return groups[a].weight > groups[b].weight;
  });
  for (const auto group : wrong) find_room(assignment, group);
}

bool accepted(double price, double heat, Dice& dice) {
  return price <= 0 || dice.share() < std::exp(-price / heat);
}

/// Every other one is among those that are away: few are, and which ones is what it is about.
std::size_t any_group(const Assignment& assignment, Dice& dice) {
  const auto& away = assignment.away();
  if (!away.empty() && dice.below(2) == 0) return away[dice.below(away.size())];
  return dice.below(assignment.problem().groups.size());
}

void try_move(Assignment& assignment, double heat, Dice& dice) {
  const auto group = any_group(assignment, dice);
  const auto home = assignment.problem().groups[group].node;
  // Every third goes home, if it can: that is what saves bytes.
  const bool homewards = assignment.moved(group) && dice.below(3) == 0;
  const auto to = homewards ? home : dice.below(assignment.nodes());
  if (to == assignment.node_of(group) || !assignment.may(group, to)) return;
  if (accepted(assignment.price_of(group, to), heat, dice)) assignment.move(group, to);
}

void try_swap(Assignment& assignment, double heat, Dice& dice) {
  const auto one = any_group(assignment, dice);
  const auto here = assignment.node_of(one);
  // One that is away goes home, and another one goes in its place; or any two.
  const auto there = assignment.moved(one) && dice.below(2) == 0
                         ? assignment.problem().groups[one].node
                         : dice.below(assignment.nodes());
  const auto& others = assignment.on(there);
  if (here == there || others.empty()) return;
  const auto other = others[dice.below(others.size())];
  if (!assignment.may(one, there) || !assignment.may(other, here)) return;
  if (!accepted(assignment.price_of_swap(one, other), heat, dice)) return;
  assignment.move(one, there);
  assignment.move(other, here);
}

void anneal(Assignment& assignment, double hot, Dice& dice) {
  const auto count = assignment.problem().groups.size();
  const auto steps = std::clamp(kStepsOfAGroup * count, kLeastSteps, kMostSteps);
  const double cooling = std::pow(kCold / hot, 1.0 / static_cast<double>(steps));
  double heat = hot;
  for (std::size_t step = 0; step < steps; ++step, heat *= cooling) {
    if (dice.below(3) == 0) {
      try_swap(assignment, heat, dice);
    } else {
      try_move(assignment, heat, dice);
    }
  }
}

/// Down to where no single move is worth it, one home included: annealing may end a little above.
void settle(Assignment& assignment) {
  bool again = true;
  while (again) {
    again = false;
    for (std::size_t group = 0; group < assignment.problem().groups.size(); ++group) {
      for (std::size_t node = 0; node < assignment.nodes(); ++node) {
        if (node == assignment.node_of(group) || !assignment.may(group, node)) continue;
        if (assignment.price_of(group, node) >= kNoGain) continue;
        assignment.move(group, node);
        again = true;
      }
    }
  }
}

}  // namespace

void search(Assignment& assignment, std::uint64_t seed, double hot) {
  if (assignment.problem().groups.empty() || assignment.nodes() == 0) return;
  Dice dice(seed);
  make_legal(assignment);
  anneal(assignment, hot, dice);
  make_legal(assignment);
  settle(assignment);
}

}  // namespace homeostat::placement
