// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/citus_planner.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>

namespace homeostat::testing {
namespace {

using placement::Problem;

/// Largest first, of equals the one with the smallest shard id.
struct LargestFirst {
  const Problem* problem;
  const std::vector<float>* costs;
  bool operator()(std::size_t a, std::size_t b) const {
    if ((*costs)[a] != (*costs)[b]) return (*costs)[a] > (*costs)[b];
    return problem->groups[a].shard < problem->groups[b].shard;
  }
};

/// One colocation group while it is planned. In float, as there: what is equal depends on it.
class Greedy {
 public:
  Greedy(const Problem& problem, const CitusStrategy& strategy, std::vector<CitusMove>& moves)
      : problem_{problem}, strategy_{strategy}, moves_{moves} {
    for (const auto& group : problem.groups) {
      costs_.push_back(static_cast<float>(group.bytes + strategy.base_cost));
    }
    full_.assign(problem.nodes.size(), 0);
    held_.assign(problem.nodes.size(), Held{LargestFirst{&problem_, &costs_}});
  }
  Greedy(const Greedy&) = delete;
  Greedy& operator=(const Greedy&) = delete;

  void take(std::size_t group) {
    const auto node = problem_.groups[group].node;
    held_[node].insert(group);
    full_[node] += costs_[group];
    total_ += costs_[group];
    if (!may_hold(problem_, group, node)) strays_.push_back(group);
  }

  void send_strays_home() {
    std::sort(strays_.begin(), strays_.end(), LargestFirst{&problem_, &costs_});
    for (const auto group : strays_) {
      for (const auto node : emptiest_first()) {
        if (!may_hold(problem_, group, node)) continue;
        move(group, problem_.groups[group].node, node);
        break;
      }
    }
  }

  void even_out() {
    const auto taking = std::count_if(problem_.nodes.begin(), problem_.nodes.end(),
                                      [](const auto& node) { return node.takes_shards; });
    if (taking == 0) return;
    const float mean = total_ / static_cast<float>(taking);
    low_ = static_cast<float>((1 - strategy_.threshold) * static_cast<double>(mean));
    high_ = static_cast<float>((1 + strategy_.threshold) * static_cast<double>(mean));
    while (const auto next = next_move()) move(next->group, next->from, next->to);
  }

 private:
  using Held = std::set<std::size_t, LargestFirst>;

  float fullness(std::size_t node) const {
    return problem_.nodes[node].takes_shards ? full_[node] : std::numeric_limits<float>::infinity();
  }

  std::vector<std::size_t> emptiest_first() const {
    std::vector<std::size_t> order(full_.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    // Nodes without capacity follow those that have it; then the node that was added first.
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return fullness(a) < fullness(b); });
    return order;
  }

  /// The first one that is worth it: from the fullest node to the emptiest, the largest group.
  std::optional<CitusMove> next_move() const {
    const auto targets = emptiest_first();
    for (auto from = targets.rbegin(); from != targets.rend(); ++from) {
      if (fullness(*from) <= low_) break;
      for (const auto to : targets) {
        if (fullness(to) >= high_) break;
        if (fullness(to) >= low_ && fullness(*from) <= high_) break;
        for (const auto group : held_[*from]) {
          if (worth_it(group, *from, to)) return CitusMove{group, *from, to};
        }
      }
    }
    return std::nullopt;
  }

  bool worth_it(std::size_t group, std::size_t from, std::size_t to) const {
    if (from == to || !may_hold(problem_, group, to)) return false;
    if (!problem_.nodes[from].takes_shards) return true;
    const float there = full_[to] + costs_[group];
    const float here = full_[from] - costs_[group];
    if (there <= here) return true;
    if (there > full_[from] || (there == full_[from] && here <= full_[to])) return false;
    const float gain = std::max(full_[from] - there, here - full_[to]);
    const float added = std::min(there - full_[to], full_[from] - here);
    return gain / added >= static_cast<float>(strategy_.improvement);
  }

  void move(std::size_t group, std::size_t from, std::size_t to) {
    moves_.push_back({group, from, to});
    held_[from].erase(group);
    held_[to].insert(group);
    full_[from] -= costs_[group];
    full_[to] += costs_[group];
  }

  const Problem& problem_;
  const CitusStrategy& strategy_;
  std::vector<CitusMove>& moves_;
  std::vector<float> costs_;
  std::vector<float> full_;
  std::vector<Held> held_;
  std::vector<std::size_t> strays_;
  float total_ = 0;
  float low_ = 0;
  float high_ = 0;
};

}  // namespace

std::vector<CitusMove> citus_plan(const Problem& problem, const CitusStrategy& strategy) {
  std::map<int, std::vector<std::size_t>> colocations;
  for (std::size_t group = 0; group < problem.groups.size(); ++group) {
    colocations[problem.groups[group].colocation].push_back(group);
  }
  const auto taking =
      static_cast<std::size_t>(std::count_if(problem.nodes.begin(), problem.nodes.end(),
                                             [](const auto& node) { return node.takes_shards; }));
  std::vector<std::vector<std::size_t>> planned;
  std::vector<std::size_t> small;
  for (auto& [colocation, groups] : colocations) {
    if (groups.size() >= taking) {
      planned.push_back(std::move(groups));
    } else {
      small.insert(small.end(), groups.begin(), groups.end());
    }
  }
  if (!small.empty()) planned.push_back(std::move(small));

  // What may not stay where it is goes first, of all colocation groups.
  std::vector<CitusMove> moves;
  std::vector<std::unique_ptr<Greedy>> states;
  for (const auto& groups : planned) {
    states.push_back(std::make_unique<Greedy>(problem, strategy, moves));
    for (const auto group : groups) states.back()->take(group);
  }
  for (const auto& state : states) state->send_strays_home();
  for (const auto& state : states) state->even_out();
  return moves;
}

}  // namespace homeostat::testing
