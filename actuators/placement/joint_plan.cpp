// SPDX-License-Identifier: Apache-2.0
#include "actuators/placement/joint_plan.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "actuators/placement/assignment.hpp"
#include "actuators/placement/lower_bound.hpp"
#include "actuators/placement/move_order.hpp"
#include "actuators/placement/obstacles.hpp"
#include "actuators/placement/search.hpp"

namespace homeostat::placement {
namespace {

constexpr double kReserve = 0.95;  // of the deviation: shards grow while they move
// Small problems are searched from several starts: so many groups together.
constexpr std::size_t kGroupsSearched = 4096;
constexpr std::size_t kLeastStarts = 3;
constexpr std::size_t kMostStarts = 24;
// Where nothing is even yet: bytes hardly count, and the search begins so hot that it goes far from
// where things are. Few and large groups have few ways to be even, and no step leads to them.
constexpr double kOutsideAlone = 1e5;
constexpr double kAnywhere = 1e4;
// More than the fewest bytes that could be: less is not worth another start.
constexpr double kGoodEnough = 1.001;
// What the reserve may cost, of the bytes. Where groups are few and large it can cost a third more;
// then the plan goes to the deviation itself, but for a rounding.
constexpr double kReserveWorth = 1.1;
constexpr double kWithoutReserve = 0.999;

bool even(const Problem& problem, const std::vector<double>& standing) {
  const auto shares = fair_shares(problem);
  double weight = 0;
  for (const double load : standing) weight += load;
  for (std::size_t node = 0; node < standing.size(); ++node) {
    const double most = shares[node] * problem.deviation + weight * kRounding;
    if (std::abs(standing[node] - shares[node]) > most) return false;
  }
  return true;
}

bool legal(const Problem& problem) {
  for (std::size_t group = 0; group < problem.groups.size(); ++group) {
    if (!may_hold(problem, group, problem.groups[group].node)) return false;
  }
  return true;
}

struct Found {
  std::vector<Move> moves;
  std::vector<double> after;
  double bytes = 0;
  bool even = false;
  double outside = 0;
};

/// Bytes that any plan copies which keeps the reserve.
double least_with_reserve(Problem problem) {
  problem.deviation *= kReserve;
  return least_bytes(problem);
}

/// What a search has come to.
Found found(const Problem& problem, const Assignment& assignment) {
  Found made;
  bool allowed = true;
  for (std::size_t group = 0; group < problem.groups.size(); ++group) {
    allowed = allowed && assignment.may(group, assignment.node_of(group));
    if (!assignment.moved(group)) continue;
    made.moves.push_back({group, assignment.node_of(group)});
    made.bytes += problem.groups[group].bytes;
  }
  // Summed anew: what the search has added and taken again leaves a rounding behind.
  made.after.assign(problem.nodes.size(), 0);
  for (std::size_t group = 0; group < problem.groups.size(); ++group) {
    made.after[assignment.node_of(group)] += problem.groups[group].weight;
  }
  made.even = allowed && even(problem, made.after);
  made.outside = assignment.outside();
  return made;
}

Found found_by(const Problem& problem, double aim, std::uint64_t seed) {
  Assignment assignment(problem, aim);
  search(assignment, seed);
  return found(problem, assignment);
}

bool better(const Found& one, const Found& other) {
  if (one.even != other.even) return one.even;
  if (!one.even) return one.outside < other.outside;
  return one.bytes < other.bytes;
}

/// Even, or not worth anything: it may copy everything. Where it is, bytes are looked after.
std::optional<Found> found_anywhere(const Problem& problem, std::uint64_t seed) {
  Assignment wild(problem, problem.deviation, kOutsideAlone);
  search(wild, seed, kAnywhere);
  auto made = found(problem, wild);
  if (!made.even) return std::nullopt;
  Assignment thrifty(problem, problem.deviation);
  for (const auto& move : made.moves) thrifty.move(move.group, move.to);
  search(thrifty, seed);
  auto next = found(problem, thrifty);
  return better(next, made) ? std::move(next) : std::move(made);
}

}  // namespace

Plan plan(const Problem& problem) {
  Plan made;
  made.before = loads(problem);
  made.after = made.before;
  made.even = legal(problem) && even(problem, made.before);
  if (made.even) return made;
  made.obstacles = obstacles(problem);
  made.least_bytes = least_bytes(problem);
  const auto starts = std::clamp(kGroupsSearched / std::max<std::size_t>(problem.groups.size(), 1),
                                 kLeastStarts, kMostStarts);
  const double good_enough = kGoodEnough * least_with_reserve(problem);
  auto best = found_by(problem, problem.deviation * kReserve, 1);
  for (std::uint64_t seed = 2; seed <= starts; ++seed) {
    if (best.even && best.bytes <= good_enough) break;
    // The deviation itself, where a little less could not be had.
    auto next = found_by(problem, problem.deviation * (best.even ? kReserve : 1), seed);
    if (better(next, best)) best = std::move(next);
    if (best.even || !made.obstacles.empty()) continue;
    if (auto elsewhere = found_anywhere(problem, seed)) best = std::move(*elsewhere);
  }
  if (best.even && best.bytes > kReserveWorth * made.least_bytes) {
    const double worth = best.bytes / kReserveWorth;
    for (std::uint64_t seed = 1; seed <= starts; ++seed) {
      auto next = found_by(problem, problem.deviation * kWithoutReserve, seed);
      if (next.bytes <= worth && better(next, best)) best = std::move(next);
    }
  }
  made.moves = std::move(best.moves);
  made.after = std::move(best.after);
  made.bytes = best.bytes;
  made.even = best.even;
  made.order_raises = !order_moves(problem, made.moves);
  return made;
}

}  // namespace homeostat::placement
