// SPDX-License-Identifier: Apache-2.0
#include "actuators/placement/move_order.hpp"

#include <algorithm>
#include <utility>

namespace homeostat::placement {
namespace {

constexpr double kOrderRounding = 1e-9;

double fullest(const std::vector<double>& loads, const std::vector<double>& shares) {
  double most = 0;
  for (std::size_t node = 0; node < loads.size(); ++node) {
    if (shares[node] > 0) most = std::max(most, loads[node] / shares[node]);
  }
  return most;
}

}  // namespace

bool order_moves(const Problem& problem, std::vector<Move>& moves) {
  const auto shares = fair_shares(problem);
  auto standing = loads(problem);
  bool never_raised = true;
  for (auto next = moves.begin(); next != moves.end(); ++next) {
    const double limit = fullest(standing, shares);
    // How full it makes its target; those that come from the fullest first where that is the same.
    const auto key = [&](const Move& move) {
      const auto& group = problem.groups[move.group];
      const double from = shares[group.node] > 0 ? standing[group.node] / shares[group.node] : 2e9;
      const double to =
          (standing[move.to] + group.weight) / std::max(shares[move.to], kOrderRounding);
      return std::pair{to > limit * (1 + kOrderRounding) ? to : 0.0, -from};
    };
    const auto best = std::min_element(
        next, moves.end(), [&](const Move& a, const Move& b) { return key(a) < key(b); });
    if (key(*best).first > 0) never_raised = false;
    std::iter_swap(next, best);
    const auto& group = problem.groups[next->group];
    standing[group.node] -= group.weight;
    standing[next->to] += group.weight;
  }
  return never_raised;
}

}  // namespace homeostat::placement
