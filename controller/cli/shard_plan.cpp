// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/shard_plan.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <string_view>
#include <utility>
#include <variant>

#include "actuators/placement/joint_plan.hpp"
#include "actuators/placement/obstacles.hpp"
#include "controller/cli/shard_room.hpp"

namespace homeostat {
namespace {

constexpr Duration kOld = std::chrono::minutes{2};

Balance balance_of(const LeverValue& value) {
  Balance balance;
  const auto& given = value.arguments;
  if (const auto at = given.find("deviation"); at != given.end()) {
    if (const auto* share = std::get_if<double>(&at->second)) balance.deviation = *share;
  }
  if (const auto at = given.find("weight"); at != given.end()) {
    if (const auto* text = std::get_if<std::string>(&at->second)) balance.weight = *text;
  }
  return balance;
}

/// Share of all, 0 of nothing.
double share(double part, double whole) { return whole > 0 ? part / whole : 0; }

/// Of all groups; `load` is nothing where that of one is not known.
struct Sums {
  double rows = 0;
  double bytes = 0;
  std::optional<double> load = 0;
};

Result<Sums> sums_of(const ShardLayout& layout) {
  Sums sums;
  for (const auto& group : layout.groups) {
    if (!group.bytes) {
      return Error{ErrorCode::unavailable,
                   "how large the group of shard " + std::to_string(group.shard) +
                       " is, is not known yet: sizes are read each five minutes, and not while "
                       "somebody locks a shard",
                   {}};
    }
    sums.rows += group.rows;
    sums.bytes += *group.bytes;
    if (!group.load) sums.load.reset();
    if (sums.load) *sums.load += *group.load;
  }
  return sums;
}

/// How much a group counts.
double weight_of(const ShardLayout::Group& group, const Sums& sums, const std::string& weight) {
  if (weight == "bytes") return *group.bytes;
  if (weight == "load") return *group.load;
  if (weight != "max") return group.rows;
  const double stored = std::max(share(group.rows, sums.rows), share(*group.bytes, sums.bytes));
  return sums.load ? std::max(stored, share(*group.load, *sums.load)) : stored;
}

std::optional<Error> cannot_weigh(const ShardLayout& layout, const Sums& sums,
                                  const std::string& weight) {
  static constexpr std::array<std::string_view, 5> kWeights{"rows", "bytes", "load", "max",
                                                            "trigger"};
  if (std::find(kWeights.begin(), kWeights.end(), weight) == kWeights.end()) {
    return Error{ErrorCode::invalid_input,
                 "`weight` is `" + weight + "`; expected rows, bytes, load, max or trigger",
                 {}};
  }
  if (weight != "load" || sums.load) return std::nullopt;
  return Error{
      ErrorCode::unavailable,
      "the load of every shard is not known, as citus_node_load_cv is not: " + layout.load_unknown,
      {}};
}

}  // namespace

Result<placement::Problem> shard_problem(const ShardLayout& layout, const Balance& balance) {
  if (!layout.unmet.empty()) {
    return Error{
        ErrorCode::refused, "a placement rule cannot be kept: " + layout.unmet.front(), {}};
  }
  placement::Problem problem;
  problem.deviation = balance.deviation;
  std::map<int, std::size_t> index;
  for (const auto& node : layout.nodes) {
    index.emplace(node.group, problem.nodes.size());
    problem.nodes.push_back({node.group, node.name, node.capacity, node.takes_shards});
  }
  const auto sums = sums_of(layout);
  if (!sums.has_value()) return sums.error();
  if (const auto wrong = cannot_weigh(layout, *sums, balance.weight)) return *wrong;
  for (const auto& group : layout.groups) {
    placement::ShardGroup one;
    one.shard = group.shard;
    one.colocation = group.colocation;
    one.node = index.at(group.node_group);
    one.bytes = *group.bytes;
    one.single_tenant = layout.single.contains(group.shard);
    if (group.allowed) {
      for (const int node : *group.allowed) one.allowed.push_back(index.at(node));
    }
    one.weight = weight_of(group, *sums, balance.weight);
    problem.groups.push_back(std::move(one));
  }
  return problem;
}

namespace {

Result<placement::Problem> problem_now(const std::optional<ShardLayout>& known,
                                       const LeverValue& value, TimePoint now) {
  if (!known || now - known->taken > kOld) {
    return Error{
        ErrorCode::unavailable, "where the shards lie is not known: see probe citus_shards", {}};
  }
  return shard_problem(*known, balance_of(value));
}

Error hopeless(const placement::ShardGroup& group, double total) {
  return {ErrorCode::refused,
          "the group of shard " + std::to_string(group.shard) + ", " +
              std::to_string(std::lround(100 * share(group.weight, total))) +
              " % of all, is a single tenant's: nothing splits it; what is left is a node of more "
              "capacity (postgres.citus.capacity)",
          {}};
}

double weight_of_all(const placement::Problem& problem) {
  double total = 0;
  for (const auto& one : problem.groups) total += one.weight;
  return total;
}

/// REQUIRES: there is a group.
Result<std::size_t> to_be_split(const placement::Problem& problem, const placement::Plan& plan) {
  std::vector<std::size_t> candidates;
  for (const auto& obstacle : plan.obstacles) {
    if (obstacle.kind == placement::Obstacle::Kind::too_large) {
      candidates.push_back(*obstacle.group);
    }
  }
  if (candidates.empty()) {
    candidates.resize(problem.groups.size());
    std::iota(candidates.begin(), candidates.end(), std::size_t{0});
  }
  // One that nothing splits comes last.
  const auto best =
      *std::max_element(candidates.begin(), candidates.end(), [&](auto one, auto other) {
        const auto& its = problem.groups[one];
        const auto& others = problem.groups[other];
        return std::pair{!its.single_tenant, its.weight} <
               std::pair{!others.single_tenant, others.weight};
      });
  if (problem.groups[best].single_tenant) {
    return hopeless(problem.groups[best], weight_of_all(problem));
  }
  return best;
}

struct PartHome {
  std::size_t node = 0;
  bool larger = false;  ///< it takes the larger part, if one is larger: it is the emptier one then
};

/// The emptiest of the others that may hold it; where it is, when there is none.
PartHome place_of_part(const placement::Problem& problem, std::size_t group) {
  const auto loads = placement::loads(problem);
  const auto shares = placement::fair_shares(problem);
  const auto home = problem.groups[group].node;
  auto best = home;
  double fill = std::numeric_limits<double>::infinity();
  for (std::size_t node = 0; node < problem.nodes.size(); ++node) {
    if (node == home || !may_hold(problem, group, node)) continue;
    if (const double its = loads[node] / shares[node]; its < fill) {
      fill = its;
      best = node;
    }
  }
  const double beside = loads[home] - problem.groups[group].weight;
  return {best, best != home && beside * shares[best] >= loads[best] * shares[home]};
}

}  // namespace

Result<ShardSplit> choose_split(const std::optional<ShardLayout>& known, const LeverValue& value,
                                TimePoint now) {
  const auto problem = problem_now(known, value, now);
  if (!problem.has_value()) return problem.error();
  const auto plan = placement::plan(*problem);
  if (plan.even || problem->groups.empty()) {
    return Error{ErrorCode::refused,
                 plan.moves.empty() ? "every node is even already"
                                    : "moves alone make every node even: see homeostat plan shards",
                 {}};
  }
  const auto chosen = to_be_split(*problem, plan);
  if (!chosen.has_value()) return chosen.error();
  const auto& group = problem->groups[*chosen];
  const auto place = place_of_part(*problem, *chosen);
  const auto& from = problem->nodes[group.node].name;
  const auto& to = problem->nodes[place.node];
  ShardSplit split;
  split.shard = group.shard;
  split.node_group = to.group;
  split.bytes = group.bytes;
  split.larger_leaves = place.larger;
  if (auto why = room_problem(*known, split)) return Error{ErrorCode::refused, *why, {}};
  split.what = "splits the group of shard " + std::to_string(group.shard) + ", which is " +
               std::to_string(std::lround(100 * share(group.weight, weight_of_all(*problem)))) +
               " % of all, " +
               (from == to.name ? "on " + from : "between " + from + " and " + to.name);
  return split;
}

Result<ShardMoves> plan_shards(const std::optional<ShardLayout>& known, const LeverValue& value,
                               TimePoint now) {
  const auto problem = problem_now(known, value, now);
  if (!problem.has_value()) return problem.error();
  const auto plan = placement::plan(*problem);
  ShardMoves moves;
  for (const auto& obstacle : plan.obstacles) {
    moves.remark += (moves.remark.empty() ? "" : "; ") + placement::describe(*problem, obstacle);
  }
  if (plan.moves.empty() && !plan.even) {
    return Error{
        ErrorCode::refused,
        "no move helps: " + (moves.remark.empty() ? "no better placement was found" : moves.remark),
        {}};
  }
  if (!plan.even && moves.remark.empty())
    moves.remark = "not every node comes within the deviation";
  for (const auto& move : plan.moves) {
    const auto& group = problem->groups[move.group];
    moves.moves.push_back({group.shard, problem->nodes[move.to].group, group.bytes});
  }
  if (auto why = room_problem(*known, moves.moves)) return Error{ErrorCode::refused, *why, {}};
  return moves;
}

}  // namespace homeostat
