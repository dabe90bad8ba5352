// SPDX-License-Identifier: Apache-2.0
#include "probes/shard_load.hpp"

#include <catch2/catch.hpp>

namespace homeostat::testing {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;

const std::string kPlays = "public.plays_102";
const std::string kLikes = "public.likes_103";
const ShardPlacement kFirst{102, 1, kPlays, 1, "0"};
const ShardPlacement kSecond{103, 2, kLikes, 1, "5"};

/// Counters of two nodes, with one shard each, that began at the same time.
std::map<int, NodeCounters> told(double first, double second) {
  return {{1, {7, {{kPlays, first}}}}, {2, {7, {{kLikes, second}}}}};
}

TimePoint after(Duration time) { return TimePoint{time}; }

}  // namespace

TEST_CASE("load: rows a second between two readings of the counters, by their real distance") {
  ShardLoad load{60s};
  CHECK(load.due(after(0s)));
  load.add(told(1000, 500), {kFirst, kSecond}, after(0s));
  CHECK_FALSE(load.due(after(59s)));
  CHECK(load.due(after(60s)));
  CHECK_FALSE(load.rates());
  CHECK(load.unknown() == "no window has ended yet");
  load.add(told(1900, 530), {kFirst, kSecond}, after(90s));
  REQUIRE(load.rates());
  CHECK(load.rates()->at({1, kPlays}) == Approx(10));
  CHECK(load.rates()->at({2, kLikes}) == Approx(30.0 / 90));
  CHECK(load.unknown().empty());
}

TEST_CASE("load: the next window begins where the last one ended") {
  ShardLoad load{60s};
  load.add(told(0, 0), {kFirst, kSecond}, after(0s));
  load.add(told(60, 0), {kFirst, kSecond}, after(60s));
  CHECK_FALSE(load.due(after(119s)));
  load.add(told(180, 0), {kFirst, kSecond}, after(120s));
  REQUIRE(load.rates());
  CHECK(load.rates()->at({1, kPlays}) == Approx(2));
}

TEST_CASE("load: a shard that came during the window has its own copying in its counters") {
  ShardLoad load{60s};
  auto moved = kSecond;
  moved.group = 1;
  // Its table was there already, half copied, and nobody used it yet.
  auto counters = told(0, 0);
  counters[1].rows[kLikes] = 400'000;
  load.add(counters, {kFirst, kSecond}, after(0s));
  counters[1].rows[kLikes] = 900'000;
  load.add(counters, {kFirst, moved}, after(60s));
  CHECK_FALSE(load.rates());
  CHECK(load.unknown() == "shard 103 has come to its node since the window began");
  counters[1].rows[kLikes] = 900'060;
  load.add(counters, {kFirst, moved}, after(120s));
  REQUIRE(load.rates());
  CHECK(load.rates()->at({1, kLikes}) == Approx(1));
}

TEST_CASE("load: a node that counts anew makes its window unknown, and the one after is whole") {
  ShardLoad load{60s};
  load.add(told(1000, 500), {kFirst, kSecond}, after(0s));
  auto restarted = told(1000, 500);
  SECTION("by a crash, after which it counted more than before") {
    restarted[2] = {9, {{kLikes, 800}}};
  }
  SECTION("by a reset of one table alone") { restarted[2].rows[kLikes] = 20; }
  load.add(restarted, {kFirst, kSecond}, after(60s));
  CHECK_FALSE(load.rates());
  CHECK(load.unknown() == "the node of group 2 has begun to count anew");
  restarted[2].rows[kLikes] += 60;
  load.add(restarted, {kFirst, kSecond}, after(120s));
  REQUIRE(load.rates());
  CHECK(load.rates()->at({2, kLikes}) == Approx(1));
}

TEST_CASE("load: a node, or one shard of it, of which nothing is told makes the whole unknown") {
  ShardLoad load{60s};
  load.add(told(0, 0), {kFirst, kSecond}, after(0s));
  load.add(told(60, 60), {kFirst, kSecond}, after(60s));
  REQUIRE(load.rates());
  auto missing = told(120, 120);
  SECTION("a node") { missing.erase(2); }
  SECTION("a shard") { missing[2].rows.clear(); }
  load.add(missing, {kFirst, kSecond}, after(120s));
  CHECK_FALSE(load.rates());
  CHECK_THAT(load.unknown(), Contains("the node of group 2"));
}

}  // namespace homeostat::testing
