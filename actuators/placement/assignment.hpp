// SPDX-License-Identifier: Apache-2.0
// Which node each group is on, while a planner looks for a better one. Internal to the planner.
#pragma once

#include <cstddef>
#include <vector>

#include "actuators/placement/problem.hpp"

namespace homeostat::placement {

/// How a search prices what it has: what is out of bounds before all else, then bytes, then moves,
/// then colocation groups that crowd on a node.
class Assignment {
 public:
  /// A hundredth of all weight out of bounds is as dear as copying everything.
  static constexpr double kOutside = 100;

  /// Everything where it is. `aim`: the deviation that is planned to. `outside`: how dear all
  /// weight out of bounds is, beside copying everything. The problem must outlive it.
  Assignment(const Problem& problem, double aim, double outside = kOutside);

  std::size_t node_of(std::size_t group) const { return at_[group]; }
  bool moved(std::size_t group) const { return at_[group] != problem_->groups[group].node; }
  bool may(std::size_t group, std::size_t node) const { return allowed_[group * nodes_ + node]; }
  /// Weight that the node has too much or too little of.
  double outside(std::size_t node) const { return outside(node, loads_[node]); }
  double outside() const;

  /// What the price changes by when a group goes to a node.
  double price_of(std::size_t group, std::size_t to) const;
  /// The same when two on different nodes change places.
  double price_of_swap(std::size_t one, std::size_t other) const;
  void move(std::size_t group, std::size_t to);

  /// Groups on a node, in no order, and those that are not where they were.
  const std::vector<std::size_t>& on(std::size_t node) const { return on_[node]; }
  const std::vector<std::size_t>& away() const { return on_[nodes_]; }

  std::size_t nodes() const { return nodes_; }
  const Problem& problem() const { return *problem_; }

 private:
  double outside(std::size_t node, double load) const;
  double price_of_home(std::size_t group, std::size_t to) const;
  double price_of_crowd(std::size_t group, std::size_t to) const;
  /// Into and out of a list of on_, in which the group is at slots[group].
  void enter(std::size_t group, std::size_t list, std::vector<std::size_t>& slots);
  void leave(std::size_t group, std::size_t list, std::vector<std::size_t>& slots);
  std::size_t& crowd(std::size_t group, std::size_t node);
  std::size_t crowd(std::size_t group, std::size_t node) const;

  const Problem* problem_;
  std::size_t nodes_;
  double outside_price_;
  double weight_ = 1;  ///< of everything
  double bytes_ = 1;
  std::vector<double> least_;
  std::vector<double> most_;
  std::vector<bool> allowed_;  ///< by group and node
  std::vector<std::size_t> at_;
  std::vector<double> loads_;
  std::vector<std::vector<std::size_t>> on_;  ///< by node, and after these those that are away
  std::vector<std::size_t> slot_on_;
  std::vector<std::size_t> slot_away_;
  std::vector<std::size_t> colocation_;  ///< of each group, counted from 0
  std::vector<std::size_t> crowds_;      ///< groups by colocation and node
};

}  // namespace homeostat::placement
