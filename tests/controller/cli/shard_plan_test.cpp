// SPDX-License-Identifier: Apache-2.0
// From a layout of shards to a plan that people can read.
#include "controller/cli/shard_plan.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "actuators/placement/joint_plan.hpp"
#include "controller/cli/text/shard_plan_text.hpp"

namespace homeostat::testing {
namespace {

using Catch::Matchers::Contains;

/// Three nodes; the first has 900 of 1,200 rows, in six groups.
ShardLayout uneven() {
  ShardLayout layout;
  layout.nodes = {{1, "w1"}, {2, "w2"}, {3, "w3"}};
  const auto add = [&](std::int64_t shard, int node, double rows) {
    ShardLayout::Group group;
    group.shard = shard;
    group.shards = {shard};
    group.colocation = 1;
    group.node_group = node;
    group.rows = rows;
    group.bytes = rows * 1e6;
    layout.groups.push_back(group);
  };
  for (int i = 0; i < 6; ++i) add(101 + i, 1, 150);
  add(107, 2, 150);
  add(108, 3, 150);
  return layout;
}

std::string planned(const ShardLayout& layout, Balance balance = {}) {
  const auto problem = shard_problem(layout, balance);
  REQUIRE(problem.has_value());
  return text::shard_plan(*problem, placement::plan(*problem), balance.weight);
}

}  // namespace

TEST_CASE("a plan shows each node before and after, and the moves in their order") {
  const auto problem = shard_problem(uneven(), {0.3, "rows"});
  REQUIRE(problem.has_value());
  placement::Plan plan;
  plan.moves = {{3, 1}, {0, 2}, {5, 1}};
  plan.bytes = 450e6;
  plan.least_bytes = 380e6;
  plan.even = true;
  plan.before = {900, 150, 150};
  plan.after = {450, 450, 300};
  CHECK(text::shard_plan(*problem, plan, "rows") ==
        "8 groups of shards on 3 nodes, by rows, of each node's fair share (|):\n"
        "\n"
        "  node  before                            after                shard groups\n"
        "  w1    225 %   ##########|#############  113 %  ##########|#  6 -> 3\n"
        "  w2    38 %    ####      |               113 %  ##########|#  1 -> 3\n"
        "  w3    38 %    ####      |               75 %   ########  |   1 -> 2\n"
        "\n"
        "3 moves, in this order, 450 MB (no plan does it with less than 380 MB):\n"
        "\n"
        "  1  shard 104  w1 -> w2  150 MB  13 % of the rows\n"
        "  2  shard 101  w1 -> w3  150 MB  13 % of the rows\n"
        "  3  shard 106  w1 -> w2  150 MB  13 % of the rows\n"
        "\n"
        "Every node is within 30 % of its fair share then.\n");
}

TEST_CASE("a plan that leaves a node outside says so") {
  CHECK_THAT(planned(uneven(), {0.2, "rows"}), Contains("Not every node comes within 20 %: no "
                                                        "better placement was found."));
}

TEST_CASE("what is even already needs no move") {
  auto layout = uneven();
  layout.groups.resize(6);
  for (std::size_t i = 0; i < 6; ++i) layout.groups[i].node_group = 1 + static_cast<int>(i % 3);
  CHECK_THAT(planned(layout), Contains("Nothing to move: every node is within 10 % of its fair "
                                       "share."));
}

TEST_CASE("what no move can mend is said, with what would") {
  auto layout = uneven();
  layout.groups.resize(1);
  const auto out = planned(layout);
  CHECK_THAT(out, Contains("No move helps:"));
  CHECK_THAT(out, Contains("split it"));
}

TEST_CASE("a plan keeps placement rules and capacities of the configuration (H67)") {
  auto layout = uneven();
  for (auto& group : layout.groups) {
    if (group.shard <= 106) group.allowed = std::set<int>{1, 3};
  }
  layout.nodes[2].capacity = 6;
  const auto problem = shard_problem(layout, {0.1, "rows"});
  REQUIRE(problem.has_value());
  CHECK(placement::fair_shares(*problem) == std::vector<double>{150, 150, 900});
  const auto plan = placement::plan(*problem);
  CHECK(plan.even);
  CHECK(plan.after == std::vector<double>{150, 150, 900});
  for (const auto& move : plan.moves) CHECK(move.to == 2);
}

TEST_CASE("a rule that cannot be kept stops every plan, and is named (H67)") {
  auto layout = uneven();
  layout.unmet = {"placement of `public.plays`: there is no hash-distributed table of this name"};
  const auto problem = shard_problem(layout, {});
  REQUIRE_FALSE(problem.has_value());
  CHECK(problem.error().code == ErrorCode::refused);
  CHECK_THAT(problem.error().context, Contains("public.plays"));
  layout.taken = TimePoint{};
  CHECK_FALSE(plan_shards(layout, LeverValue{}, TimePoint{}).has_value());
}

TEST_CASE("a plan by load makes even what is read and written, whatever is stored") {
  auto layout = uneven();
  for (auto& group : layout.groups) group.load = group.node_group == 2 ? 400.0 : 0.0;
  layout.groups[7].load = 400;  // the only one on the third node
  layout.groups[0].load = 200;
  layout.groups[1].load = 200;
  const auto problem = shard_problem(layout, {0.1, "load"});
  REQUIRE(problem.has_value());
  CHECK(placement::loads(*problem) == std::vector<double>{400, 400, 400});
  CHECK(placement::plan(*problem).moves.empty());
  layout.groups[1].load = 600;
  const auto heavier = shard_problem(layout, {0.1, "load"});
  REQUIRE(heavier.has_value());
  CHECK(placement::loads(*heavier) == std::vector<double>{800, 400, 400});
}

TEST_CASE("a plan by load is refused while one shard's is unknown, with the signal and why") {
  auto layout = uneven();
  for (auto& group : layout.groups) group.load = 1.0;
  layout.groups[3].load.reset();
  layout.load_unknown = "counted over 60 s: shard 104 has come to its node since the window began";
  const auto problem = shard_problem(layout, {0.1, "load"});
  REQUIRE_FALSE(problem.has_value());
  CHECK(problem.error().code == ErrorCode::unavailable);
  CHECK_THAT(problem.error().context,
             Contains("citus_node_load_cv") && Contains("shard 104 has come to its node"));
  CHECK(shard_problem(layout, {0.1, "max"}).has_value());
  CHECK(shard_problem(layout, {0.1, "loda"}).error().code == ErrorCode::invalid_input);
}

TEST_CASE("max weighs a group by its largest share of rows, bytes and known load") {
  auto layout = uneven();
  layout.groups[0].bytes = 1050e6;  // of 2,100
  const auto stored = shard_problem(layout, {0.1, "max"});
  REQUIRE(stored.has_value());
  CHECK(stored->groups[0].weight == Approx(0.5));
  CHECK(stored->groups[7].weight == Approx(0.125));
  for (auto& group : layout.groups) group.load = 0.0;
  layout.groups[7].load = 5;
  const auto all = shard_problem(layout, {0.1, "max"});
  REQUIRE(all.has_value());
  CHECK(all->groups[0].weight == Approx(0.5));
  CHECK(all->groups[7].weight == Approx(1));
  layout.groups[2].load.reset();
  CHECK(shard_problem(layout, {0.1, "max"})->groups[7].weight == Approx(0.125));
}

TEST_CASE("for programs, a plan is an object with the same in it") {
  const auto problem = shard_problem(uneven(), {0.2, "rows"});
  REQUIRE(problem.has_value());
  const auto plan = placement::plan(*problem);
  const auto json = text::shard_plan_json(*problem, plan, "rows");
  CHECK(json["moves"].size() == plan.moves.size());
  CHECK(json["moves"][0]["from"] == "w1");
  CHECK(json["nodes"][0]["before"] == 900);
  CHECK(json["nodes"][0]["fair_share"] == 400);
  CHECK(json["even"] == plan.even);
}

TEST_CASE("what is alone too much for a node is split, a part to the emptiest that may hold it") {
  auto layout = uneven();
  layout.groups[1].rows = 2000;
  layout.groups[6].rows = 200;
  layout.groups[1].allowed = std::set<int>{1, 2};  // the third is emptier
  layout.taken = TimePoint{};
  const auto split = choose_split(layout, LeverValue{}, TimePoint{});
  REQUIRE(split.has_value());
  CHECK(split->shard == 102);
  CHECK(split->node_group == 2);
  CHECK(split->bytes == 150e6);
  CHECK(split->what == "splits the group of shard 102, which is 65 % of all, between w1 and w2");
  layout.groups[1].allowed.reset();
  CHECK(choose_split(layout, LeverValue{}, TimePoint{})->node_group == 3);
  layout.groups[1].allowed = std::set<int>{1};
  CHECK(choose_split(layout, LeverValue{}, TimePoint{})->node_group == 1);
  CHECK_FALSE(choose_split(layout, LeverValue{}, TimePoint{})->larger_leaves);
}

TEST_CASE("the larger part leaves where the other node is emptier than what stays beside it") {
  auto layout = uneven();
  layout.groups[1].rows = 2000;  // beside 750 on the first
  const auto leaves = [&] {
    return choose_split(layout, LeverValue{}, TimePoint{})->larger_leaves;
  };
  CHECK(leaves());
  layout.groups[6].rows = 760;
  layout.groups[7].rows = 760;
  CHECK_FALSE(leaves());
  layout.nodes[1].capacity = 1.1;  // what it has is less of what it should have then
  CHECK(leaves());
}

TEST_CASE("a single tenant's group is not split, and what is left is said") {
  auto layout = uneven();
  layout.groups[1].rows = 9000;
  layout.groups[2].rows = 7000;
  layout.single = {102};
  // The next that is too large, but not one that a node may hold.
  auto split = choose_split(layout, LeverValue{}, TimePoint{});
  REQUIRE(split.has_value());
  CHECK(split->shard == 103);
  layout.groups[2].rows = 150;
  split = choose_split(layout, LeverValue{}, TimePoint{});
  REQUIRE_FALSE(split.has_value());
  CHECK(split.error().code == ErrorCode::refused);
  CHECK(
      split.error().context ==
      "the group of shard 102, 90 % of all, is a single tenant's: nothing splits it; what is left "
      "is a node of more capacity (postgres.citus.capacity)");
  CHECK_THAT(planned(layout), Contains("it is a single tenant's, and nothing splits it: give one "
                                       "node more capacity"));
}

TEST_CASE("of fewer groups than nodes the largest is split") {
  auto layout = uneven();
  layout.groups.resize(2);
  layout.groups[1].node_group = 2;
  layout.groups[1].rows = 151;
  layout.taken = TimePoint{};
  const auto split = choose_split(layout, LeverValue{}, TimePoint{});
  REQUIRE(split.has_value());
  CHECK(split->shard == 102);
  CHECK(split->node_group == 3);
}

TEST_CASE("nothing is split where moves do it, or where nobody knows") {
  auto layout = uneven();
  layout.groups.push_back(layout.groups.back());
  layout.groups.back().shard = 109;
  layout.taken = TimePoint{};
  auto split = choose_split(layout, LeverValue{}, TimePoint{});
  REQUIRE_FALSE(split.has_value());
  CHECK(split.error().code == ErrorCode::refused);
  CHECK_THAT(split.error().context, Contains("moves alone make every node even"));
  CHECK(choose_split(std::nullopt, LeverValue{}, TimePoint{}).error().code ==
        ErrorCode::unavailable);
  CHECK(choose_split(layout, LeverValue{}, TimePoint{std::chrono::minutes{3}}).error().code ==
        ErrorCode::unavailable);
}

}  // namespace homeostat::testing
