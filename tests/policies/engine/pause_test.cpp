// SPDX-License-Identifier: Apache-2.0
// An operator's pause of one policy: it goes no further, the others do.
#include <catch2/catch.hpp>

#include "tests/policies/engine/world.hpp"

using namespace homeostat;
using namespace homeostat::testing;

TEST_CASE("pause: a paused policy opens nothing and says so, another one goes on (H37)") {
  auto other = circuit_breaker();
  other.name = "other-breaker";
  World world({circuit_breaker(), other});
  world.snapshot.paused = {"circuit-breaker"};
  world.run(60, storm);
  const auto& paused = world.state.policies.at({"circuit-breaker", Subject{}}).memory;
  const auto& free = world.state.policies.at({"other-breaker", Subject{}}).memory;
  CHECK(paused.rung == 0);
  CHECK(free.rung == 1);
  for (const auto& verdict : world.last.verdicts) {
    const bool its_own = verdict.policy == "circuit-breaker";
    CHECK(verdict.bar == (its_own ? ForwardBar::paused : ForwardBar::none));
  }
  world.snapshot.paused.clear();
  world.run(10, storm);
  CHECK(world.state.policies.at({"circuit-breaker", Subject{}}).memory.rung == 1);
}

TEST_CASE("pause: what stands is given back all the same (H37)") {
  World world({circuit_breaker()});
  world.run(60, storm);
  REQUIRE(world.last.desired.size() == 1);
  world.snapshot.paused = {"circuit-breaker"};
  world.run(60, storm);
  CHECK(world.last.desired.size() == 1);
  world.run(400, calm);
  CHECK(world.last.desired.empty());
}
