// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/folds.hpp"

#include <catch2/catch.hpp>

#include "tests/policies/engine/world.hpp"

using namespace homeostat;
using namespace homeostat::testing;

namespace {

/// Pools what stands in the world's snapshot, at its time, and moves on by `by`.
void pool(World& world, double by = 1) {
  pool_samples(world.state, world.set, world.snapshot, world.now);
  world.now += seconds(by);
}

std::optional<Fold> ended(const World& world, Aggregate aggregate = Aggregate::automatic) {
  return ended_fold(world.state, kRatio, {}, aggregate);
}

}  // namespace

TEST_CASE("fold: numbers are aligned on the time line, before its origin too") {
  const auto number = [](double at) { return fold_number(TimePoint{seconds(at)}, seconds(5)); };
  CHECK(number(0) == 0);
  CHECK(number(4.999999) == 0);
  CHECK(number(5) == 1);
  CHECK(number(-0.1) == -1);
  CHECK(number(-5) == -1);
  CHECK(number(-5.1) == -2);
}

TEST_CASE("fold: pools the readings of five seconds and ends with the next one") {
  World world({circuit_breaker()});
  for (int i = 0; i < 5; ++i) {
    world.put_ratio(i, 10);
    pool(world);
    CHECK_FALSE(ended(world));
  }
  pool(world);
  REQUIRE(ended(world));
  CHECK(*ended(world) == Fold{200, 10, 50, 5});
}

TEST_CASE("fold: a sample that stands for several steps counts once") {
  World world({circuit_breaker()});
  world.put_ratio(3, 10);
  for (int i = 0; i < 6; ++i) pool(world);
  REQUIRE(ended(world));
  CHECK(*ended(world) == Fold{200, 3, 10, 1});
}

TEST_CASE("fold: empty readings count, absent and stale ones and NaN do not (H2)") {
  World world({circuit_breaker()});
  idle(world);
  pool(world);
  world.put_absent(kRatio);
  pool(world);
  put(world.snapshot, {kRatio, {}, Quality::whole, AbsentReason::none, std::nan(""), 1, world.now});
  pool(world);
  put(world.snapshot, ratio(kRatio, {}, 5, 10, world.now - seconds(11)));
  pool(world, 2);
  pool(world);
  REQUIRE(ended(world));
  CHECK(*ended(world) == Fold{200, 0, 0, 1});
}

TEST_CASE("fold: a fold without readings is absent and leaves the one before") {
  World world({circuit_breaker()});
  world.put_ratio(3, 10);
  pool(world, 7);
  world.put_absent(kRatio);
  for (int i = 0; i < 4; ++i) pool(world, 5);
  REQUIRE(ended(world));
  CHECK(ended(world)->number == 200);
}

TEST_CASE("fold: a sample that arrives after its fold ended counts in the current one") {
  World world({circuit_breaker()});
  world.put_ratio(1, 10);
  pool(world, 5);
  pool(world, 0.5);
  put(world.snapshot, ratio(kRatio, {}, 7, 10, origin() + seconds(4.9)));
  pool(world, 5);
  CHECK(*ended(world) == Fold{200, 1, 10, 1});
  pool(world);
  CHECK(*ended(world) == Fold{201, 7, 10, 1});
}

TEST_CASE("fold: the cluster's is made of its members' when it has no samples of its own") {
  World world({circuit_breaker()});
  world.put_ratio(2, 10, node("a"));
  world.put_ratio(0, 0, node("b"));
  world.put_ratio(9, 10, node("c"));
  pool(world, 5);
  pool(world);
  REQUIRE(ended(world));
  CHECK(*ended(world) == Fold{200, 11, 20, 3});
  CHECK(ended(world, Aggregate::max)->numerator == 9);
  CHECK(ended(world, Aggregate::min)->numerator == 0);
}

TEST_CASE("fold: what is measured of a node's zones does not count beside the node") {
  World world({circuit_breaker()});
  world.put_ratio(2, 10, node("a"));
  world.put_ratio(9, 10, {SubjectKind::zone, "a.1"});
  world.put_ratio(9, 10, {SubjectKind::zone, "a.2"});
  pool(world, 5);
  pool(world);
  REQUIRE(ended(world));
  CHECK(ended(world)->numerator == 2);
  CHECK(ended(world)->denominator == 10);
}

TEST_CASE("fold: half of the members absent makes the cluster's absent (H6)") {
  const int absent_of_four = GENERATE(1, 2, 3);
  World world({circuit_breaker()});
  for (int i = 0; i < 4; ++i) {
    const auto member = node(std::string(1, static_cast<char>('a' + i)));
    if (i < absent_of_four) {
      world.put_absent(kRatio, member);
    } else {
      world.put_ratio(1, 10, member);
    }
  }
  pool(world, 5);
  pool(world);
  CHECK(ended(world).has_value() == (absent_of_four == 1));
}

TEST_CASE("fold: what was pooled of a server that is not there any more is discarded (H4)") {
  World world({circuit_breaker()});
  storm(world);
  pool(world, 5);
  storm(world);
  pool(world);
  REQUIRE(ended(world));
  world.put_another_server(kRatio);
  pool(world);
  CHECK_FALSE(ended(world));
  calm(world);
  pool(world, 5);
  pool(world);
  REQUIRE(ended(world));
  CHECK(*ended(world) == Fold{201, 1, 20, 1});
}

TEST_CASE("fold: another length of fold starts anew") {
  World world({circuit_breaker()});
  storm(world);
  pool(world, 5);
  pool(world);
  REQUIRE(ended(world));
  world.set.settings.fold = seconds(2);
  pool(world);
  CHECK_FALSE(ended(world));
  CHECK(world.state.fold == seconds(2));
}

TEST_CASE("fold: a subject that left the snapshot is forgotten") {
  World world({circuit_breaker()});
  storm(world);
  pool(world);
  REQUIRE(world.state.signals.size() == 1);
  world.snapshot.samples.clear();
  pool(world);
  CHECK(world.state.signals.empty());
}
