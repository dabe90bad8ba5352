// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/comparison.hpp"

#include <algorithm>

namespace homeostat {
namespace {

bool same_action(const Action& one, const Action& other) {
  return one.policy == other.policy && one.subject == other.subject && one.step == other.step &&
         one.rung == other.rung && one.harmful == other.harmful && one.value == other.value;
}

Duration apart(const Action& one, const Action& other) {
  return one.wall < other.wall ? other.wall - one.wall : one.wall - other.wall;
}

}  // namespace

std::vector<PairedAction> compare(const std::vector<Action>& one, const std::vector<Action>& other,
                                  Duration within) {
  std::vector<PairedAction> pairs;
  std::vector<bool> taken(other.size(), false);
  std::size_t oldest = 0;  // of those that can still be near enough
  for (const auto& action : one) {
    while (oldest < other.size() && other[oldest].wall + within < action.wall) ++oldest;
    std::optional<std::size_t> nearest;
    for (auto at = oldest; at < other.size() && other[at].wall <= action.wall + within; ++at) {
      if (taken[at] || !same_action(action, other[at])) continue;
      if (!nearest || apart(action, other[at]) < apart(action, other[*nearest])) nearest = at;
    }
    if (nearest) taken[*nearest] = true;
    pairs.push_back({action, nearest ? std::optional(other[*nearest]) : std::nullopt});
  }
  for (std::size_t at = 0; at < other.size(); ++at) {
    if (!taken[at]) pairs.push_back({std::nullopt, other[at]});
  }
  std::stable_sort(pairs.begin(), pairs.end(), [](const PairedAction& a, const PairedAction& b) {
    return a.any().wall < b.any().wall;
  });
  return pairs;
}

}  // namespace homeostat
