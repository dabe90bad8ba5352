// SPDX-License-Identifier: Apache-2.0
#include "actuators/placement/assignment.hpp"

#include <algorithm>
#include <map>

namespace homeostat::placement {
namespace {

// Bytes decide before moves, and these before how a colocation group is spread.
constexpr double kMove = 1e-3;
constexpr double kCrowd = 1e-5;

}  // namespace

Assignment::Assignment(const Problem& problem, double aim, double outside)
    : problem_{&problem},
      nodes_{problem.nodes.size()},
      outside_price_{outside},
      loads_(loads(problem)) {
  double weight = 0;
  double bytes = 0;
  std::map<int, std::size_t> colocations;
  for (std::size_t group = 0; group < problem.groups.size(); ++group) {
    const auto& one = problem.groups[group];
    weight += one.weight;
    bytes += one.bytes;
    at_.push_back(one.node);
    colocation_.push_back(
        colocations.try_emplace(one.colocation, colocations.size()).first->second);
    for (std::size_t node = 0; node < nodes_; ++node) {
      allowed_.push_back(may_hold(problem, group, node));
    }
  }
  if (weight > 0) weight_ = weight;
  if (bytes > 0) bytes_ = bytes;
  for (const double share : fair_shares(problem)) {
    least_.push_back(share * (1 - aim));
    most_.push_back(share * (1 + aim));
  }
  crowds_.assign(colocations.size() * nodes_, 0);
  on_.resize(nodes_ + 1);
  slot_on_.resize(at_.size());
  slot_away_.resize(at_.size());
  for (std::size_t group = 0; group < at_.size(); ++group) {
    ++crowd(group, at_[group]);
    enter(group, at_[group], slot_on_);
  }
}

void Assignment::enter(std::size_t group, std::size_t list, std::vector<std::size_t>& slots) {
  slots[group] = on_[list].size();
  on_[list].push_back(group);
}

void Assignment::leave(std::size_t group, std::size_t list, std::vector<std::size_t>& slots) {
  const auto last = on_[list].back();
  on_[list][slots[group]] = last;
  slots[last] = slots[group];
  on_[list].pop_back();
}

std::size_t& Assignment::crowd(std::size_t group, std::size_t node) {
  return crowds_[colocation_[group] * nodes_ + node];
}
std::size_t Assignment::crowd(std::size_t group, std::size_t node) const {
  return crowds_[colocation_[group] * nodes_ + node];
}

double Assignment::outside(std::size_t node, double load) const {
  return std::max({0.0, load - most_[node], least_[node] - load});
}

double Assignment::outside() const {
  double sum = 0;
  for (std::size_t node = 0; node < nodes_; ++node) sum += outside(node);
  return sum;
}

double Assignment::price_of_home(std::size_t group, std::size_t to) const {
  const auto& one = problem_->groups[group];
  const auto away = static_cast<double>(to != one.node) - static_cast<double>(moved(group));
  return away * (one.bytes / bytes_ + kMove / static_cast<double>(at_.size()));
}

double Assignment::price_of_crowd(std::size_t group, std::size_t to) const {
  // The sum of squares over nodes: what one more adds, less what one less takes.
  const auto there = static_cast<double>(crowd(group, to));
  const auto here = static_cast<double>(crowd(group, at_[group]));
  return kCrowd * (there - here + 1) / static_cast<double>(at_.size());
}

double Assignment::price_of(std::size_t group, std::size_t to) const {
  const auto from = at_[group];
  const double weight = problem_->groups[group].weight;
  const double out = outside(from, loads_[from] - weight) + outside(to, loads_[to] + weight) -
                     outside(from) - outside(to);
  return outside_price_ * out / weight_ + price_of_home(group, to) + price_of_crowd(group, to);
}

double Assignment::price_of_swap(std::size_t one, std::size_t other) const {
  const auto here = at_[one];
  const auto there = at_[other];
  const double more = problem_->groups[other].weight - problem_->groups[one].weight;
  const double out = outside(here, loads_[here] + more) + outside(there, loads_[there] - more) -
                     outside(here) - outside(there);
  const double crowd_price = colocation_[one] == colocation_[other]
                                 ? 0
                                 : price_of_crowd(one, there) + price_of_crowd(other, here);
  return outside_price_ * out / weight_ + price_of_home(one, there) + price_of_home(other, here) +
         crowd_price;
}

void Assignment::move(std::size_t group, std::size_t to) {
  const double weight = problem_->groups[group].weight;
  --crowd(group, at_[group]);
  ++crowd(group, to);
  loads_[at_[group]] -= weight;
  loads_[to] += weight;
  leave(group, at_[group], slot_on_);
  enter(group, to, slot_on_);
  const bool was_away = moved(group);
  at_[group] = to;
  if (was_away == moved(group)) return;
  if (was_away) {
    leave(group, nodes_, slot_away_);
  } else {
    enter(group, nodes_, slot_away_);
  }
}

}  // namespace homeostat::placement
