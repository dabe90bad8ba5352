// SPDX-License-Identifier: Apache-2.0
#include "actuators/placement/lower_bound.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace homeostat::placement {
namespace {

/// Those that weigh most for their bytes first.
std::vector<std::size_t> by_yield(const Problem& problem) {
  std::vector<std::size_t> order(problem.groups.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const auto& one = problem.groups[a];
    const auto& other = problem.groups[b];
    return one.weight * other.bytes > other.weight * one.bytes;
  });
  return order;
}

/// Of a weight that is to be brought together: so fine is the sum of whole groups.
constexpr std::size_t kUnits = 512;

/// Bytes of the first of these that together weigh so much; the last one is cut.
double cut(const Problem& problem, const std::vector<std::size_t>& order, double weight) {
  double bytes = 0;
  for (const auto group : order) {
    if (weight <= 0) break;
    const auto& one = problem.groups[group];
    bytes += one.bytes * std::min(1.0, weight / one.weight);
    weight -= one.weight;
  }
  return bytes;
}

/// Fewest bytes of any of these, each whole, that together weigh so much. Weights are rounded up to
/// units of it, so that it may come out lower than it is, and never higher.
double whole(const Problem& problem, const std::vector<std::size_t>& order, double weight) {
  const double unit = weight / static_cast<double>(kUnits);
  std::vector<double> fewest(kUnits + 1, std::numeric_limits<double>::infinity());
  fewest[0] = 0;
  for (const auto group : order) {
    const auto& one = problem.groups[group];
    const auto units =
        one.weight >= weight ? kUnits : static_cast<std::size_t>(std::ceil(one.weight / unit));
    for (auto sum = kUnits; sum > 0; --sum) {
      const double before = fewest[sum - std::min(sum, units)];
      fewest[sum] = std::min(fewest[sum], before + one.bytes);
    }
  }
  return fewest[kUnits];
}

/// The larger of the two bounds: of small groups that of cut ones is.
template <class Usable>
double cheapest(const Problem& problem, const std::vector<std::size_t>& order, double weight,
                Usable usable) {
  if (weight <= 0) return 0;
  std::vector<std::size_t> these;
  for (const auto group : order) {
    if (problem.groups[group].weight > 0 && usable(group)) these.push_back(group);
  }
  const double least = cut(problem, these, weight);
  const double of_whole = whole(problem, these, weight);
  return std::isfinite(of_whole) ? std::max(least, of_whole) : least;
}

}  // namespace

double least_bytes(const Problem& problem) {
  const auto shares = fair_shares(problem);
  const auto standing = loads(problem);
  const auto order = by_yield(problem);
  // Which plans are even is judged as generously.
  double rounding = 0;
  for (const double load : standing) rounding += load * kRounding;
  double out = 0;
  double in = 0;
  for (std::size_t node = 0; node < problem.nodes.size(); ++node) {
    double forced_bytes = 0;
    double forced_weight = 0;
    for (std::size_t group = 0; group < problem.groups.size(); ++group) {
      if (problem.groups[group].node != node || may_hold(problem, group, node)) continue;
      forced_bytes += problem.groups[group].bytes;
      forced_weight += problem.groups[group].weight;
    }
    const double stays = standing[node] - forced_weight;
    const double most = shares[node] * (1 + problem.deviation) + rounding;
    const double least = shares[node] * (1 - problem.deviation) - rounding;
    out += forced_bytes + cheapest(problem, order, stays - most, [&](std::size_t group) {
             return problem.groups[group].node == node && may_hold(problem, group, node);
           });
    in += cheapest(problem, order, least - stays, [&](std::size_t group) {
      return problem.groups[group].node != node && may_hold(problem, group, node);
    });
  }
  return std::max(out, in);
}

}  // namespace homeostat::placement
