// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/text/shard_plan_text.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "actuators/placement/obstacles.hpp"
#include "controller/cli/text/quantity.hpp"
#include "controller/cli/text/table.hpp"

namespace homeostat::text {
namespace {

using placement::Plan;
using placement::Problem;

constexpr double kColumn = 0.1;      // of a fair share
constexpr std::size_t kWidest = 30;  // columns; what is longer ends in a +
constexpr std::size_t kFair = 10;    // 1 / kColumn

/// `#########|##`: the line stands where the node's fair share ends.
std::string drawn_bar(double share) {
  const auto columns = static_cast<std::size_t>(std::lround(std::max(share, 0.0) / kColumn));
  std::string drawn(std::min(columns, kWidest), '#');
  if (columns > kWidest) drawn.back() = '+';
  if (drawn.size() < kFair) drawn.resize(kFair, ' ');
  drawn.insert(kFair, "|");
  return drawn;
}

std::string whole_percent(double value) { return share(std::round(100 * value) / 100); }

/// What a node holds, of its fair share; of one that should be empty, of the others' mean.
std::vector<double> of_fair_share(const Problem& problem, const std::vector<double>& held) {
  const auto shares = placement::fair_shares(problem);
  double sum = 0;
  double takers = 0;
  for (std::size_t node = 0; node < shares.size(); ++node) {
    sum += shares[node];
    takers += problem.nodes[node].takes_shards ? 1 : 0;
  }
  std::vector<double> result;
  for (std::size_t node = 0; node < shares.size(); ++node) {
    const double whole = shares[node] > 0 ? shares[node] : takers > 0 ? sum / takers : 0;
    result.push_back(whole > 0 ? held[node] / whole : 0);
  }
  return result;
}

std::vector<std::size_t> groups_on(const Problem& problem) {
  std::vector<std::size_t> counts(problem.nodes.size(), 0);
  for (const auto& group : problem.groups) ++counts[group.node];
  return counts;
}

std::vector<std::size_t> groups_after(const Problem& problem, const Plan& plan) {
  auto counts = groups_on(problem);
  for (const auto& move : plan.moves) {
    --counts[problem.groups[move.group].node];
    ++counts[move.to];
  }
  return counts;
}

std::string picture(const Problem& problem, const Plan& plan) {
  const auto before = of_fair_share(problem, plan.before);
  const auto after = of_fair_share(problem, plan.after);
  const auto had = groups_on(problem);
  const auto has = groups_after(problem, plan);
  std::vector<Row> rows{{"node", "before", "", "after", "", "shard groups"}};
  for (std::size_t node = 0; node < problem.nodes.size(); ++node) {
    const auto& one = problem.nodes[node];
    rows.push_back(
        {one.name + (one.takes_shards ? "" : " (to be emptied)"), whole_percent(before[node]),
         drawn_bar(before[node]), whole_percent(after[node]), drawn_bar(after[node]),
         had[node] == has[node] ? std::to_string(had[node])
                                : std::to_string(had[node]) + " -> " + std::to_string(has[node])});
  }
  return table(rows);
}

std::string moves_of(const Problem& problem, const Plan& plan, const std::string& measure) {
  std::vector<Row> rows;
  double total = 0;
  for (const auto& group : problem.groups) total += group.weight;
  for (const auto& move : plan.moves) {
    const auto& group = problem.groups[move.group];
    rows.push_back({std::to_string(rows.size() + 1), "shard " + std::to_string(group.shard),
                    problem.nodes[group.node].name + " -> " + problem.nodes[move.to].name,
                    bytes(group.bytes),
                    whole_percent(total > 0 ? group.weight / total : 0) + " of the " + measure});
  }
  return table(rows);
}

}  // namespace

std::string shard_plan(const Problem& problem, const Plan& plan, const std::string& measure) {
  std::string out = std::to_string(problem.groups.size()) + " groups of shards on " +
                    std::to_string(problem.nodes.size()) + " nodes, by " + measure +
                    ", of each node's fair share (|):\n\n" + picture(problem, plan) + "\n";
  const auto limit = share(problem.deviation);
  if (plan.moves.empty() && plan.even) {
    return out + "Nothing to move: every node is within " + limit + " of its fair share.\n";
  }
  if (!plan.moves.empty()) {
    out += std::to_string(plan.moves.size()) + (plan.moves.size() == 1 ? " move" : " moves") +
           ", in this order, " + bytes(plan.bytes) + " (no plan does it with less than " +
           bytes(plan.least_bytes) + "):\n\n" + moves_of(problem, plan, measure) + "\n";
    if (plan.order_raises) {
      out +=
          "In no order that was found does every move leave the fullest node as it is or "
          "lower.\n";
    }
  }
  if (plan.even) return out + "Every node is within " + limit + " of its fair share then.\n";
  out += plan.moves.empty() ? "No move helps: " : "Not every node comes within " + limit + ": ";
  if (plan.obstacles.empty()) return out + "no better placement was found.\n";
  for (const auto& obstacle : plan.obstacles) {
    out += "\n  " + printable(placement::describe(problem, obstacle));
  }
  return out + "\n";
}

nlohmann::json shard_plan_json(const Problem& problem, const Plan& plan,
                               const std::string& measure) {
  nlohmann::json nodes = nlohmann::json::array();
  const auto shares = placement::fair_shares(problem);
  for (std::size_t node = 0; node < problem.nodes.size(); ++node) {
    const auto& one = problem.nodes[node];
    nodes.push_back({{"name", one.name},
                     {"group", one.group},
                     {"capacity", one.capacity},
                     {"takes_shards", one.takes_shards},
                     {"fair_share", shares[node]},
                     {"before", plan.before[node]},
                     {"after", plan.after[node]}});
  }
  nlohmann::json moves = nlohmann::json::array();
  for (const auto& move : plan.moves) {
    const auto& group = problem.groups[move.group];
    moves.push_back({{"shard", group.shard},
                     {"from", problem.nodes[group.node].name},
                     {"to", problem.nodes[move.to].name},
                     {"bytes", group.bytes},
                     {measure, group.weight}});
  }
  nlohmann::json obstacles = nlohmann::json::array();
  for (const auto& obstacle : plan.obstacles) {
    obstacles.push_back(placement::describe(problem, obstacle));
  }
  return {{"measure", measure},
          {"deviation", problem.deviation},
          {"nodes", std::move(nodes)},
          {"moves", std::move(moves)},
          {"bytes", plan.bytes},
          {"least_bytes", plan.least_bytes},
          {"even", plan.even},
          {"order_raises", plan.order_raises},
          {"obstacles", std::move(obstacles)}};
}

}  // namespace homeostat::text
