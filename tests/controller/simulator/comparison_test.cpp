// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/comparison.hpp"

#include <catch2/catch.hpp>

namespace homeostat {
namespace {

Action action(int at, Step step, int rung = 1, const std::string& policy = "circuit-breaker") {
  return {WallTime{std::chrono::seconds{at}}, policy, Subject{}, Mode::shadow, step, rung};
}

}  // namespace

TEST_CASE("comparison: what both sides did at the same time does not differ") {
  const std::vector<Action> same{action(10, Step::opened), action(20, Step::closed, 0)};
  const auto pairs = compare(same, same, std::chrono::seconds{5});
  REQUIRE(pairs.size() == 2);
  for (const auto& pair : pairs) CHECK_FALSE(pair.differs());
}

TEST_CASE("comparison: the same action a little later is one pair that differs") {
  const auto pairs =
      compare({action(13, Step::opened)}, {action(10, Step::opened)}, std::chrono::seconds{5});
  REQUIRE(pairs.size() == 1);
  CHECK(pairs[0].differs());
  CHECK(pairs[0].one->wall - pairs[0].other->wall == std::chrono::seconds{3});
}

TEST_CASE("comparison: too far apart, another rung, harm or another policy is another action") {
  CHECK(compare({action(16, Step::opened)}, {action(10, Step::opened)}, std::chrono::seconds{5})
            .size() == 2);
  CHECK(compare({action(10, Step::climbed, 2)}, {action(10, Step::climbed, 3)},
                std::chrono::seconds{5})
            .size() == 2);
  auto for_harm = action(10, Step::restored);
  for_harm.harmful = true;
  CHECK(compare({action(10, Step::restored)}, {for_harm}, std::chrono::seconds{5}).size() == 2);
  CHECK(compare({action(10, Step::opened, 1, "a")}, {action(10, Step::opened, 1, "b")},
                std::chrono::seconds{5})
            .size() == 2);
}

TEST_CASE("comparison: another value of a regulator's lever is another action") {
  auto one = action(10, Step::adjusted, 0, "batch-window");
  one.value = 0.05;
  auto other = one;
  CHECK(compare({one}, {other}, std::chrono::seconds{5}).size() == 1);
  other.value = 0.06;
  CHECK(compare({one}, {other}, std::chrono::seconds{5}).size() == 2);
}

TEST_CASE("comparison: each action is paired once, with the nearest, in order of time") {
  const auto pairs =
      compare({action(12, Step::opened), action(14, Step::opened)},
              {action(9, Step::opened), action(13, Step::opened)}, std::chrono::seconds{5});
  REQUIRE(pairs.size() == 2 + 0);
  CHECK(pairs[0].one->wall == WallTime{std::chrono::seconds{12}});
  CHECK(pairs[0].other->wall == WallTime{std::chrono::seconds{13}});
  CHECK(pairs[1].other->wall == WallTime{std::chrono::seconds{9}});
}

}  // namespace homeostat
