// SPDX-License-Identifier: Apache-2.0
// What was gathered about a server that is not there any more (H4), driven through decide().
#include <catch2/catch.hpp>

#include "tests/policies/engine/world.hpp"

using namespace homeostat;
using namespace homeostat::testing;

namespace {

const ArmMemory& arm_of(const World& world) { return world.state.policies.begin()->second.arms[0]; }

}  // namespace

TEST_CASE("identity: evidence about another server opens nothing with one hot fold (H4)") {
  // By itself, or as the cluster's only node.
  const auto subject = GENERATE(values<Subject>({Subject{}, node("main")}));
  const auto hot = [&](World& w) { w.put_ratio(24, 30, subject); };
  World world({circuit_breaker()});
  world.run(33, hot);
  REQUIRE(arm_of(world).cusum == Approx(0.9));
  world.run(2, [&](World& w) { w.put_another_server(kRatio, subject); });
  world.run(6, hot);
  CHECK(arm_of(world).cusum == Approx(0.15));
  CHECK(world.count(Step::opened) == 0);
  world.run(30, hot);
  CHECK(world.count(Step::opened) == 1);  // on evidence of its own
}

TEST_CASE("identity: one restarted node discards what the cluster gathered from all (H4)") {
  World world({circuit_breaker()});
  const auto hot = [](World& w) {
    for (const char* name : {"a", "b", "c"}) w.put_ratio(24, 30, node(name));
  };
  world.run(31, hot);
  REQUIRE(arm_of(world).cusum == Approx(0.9));
  world.run(1, [&](World& w) {
    hot(w);
    w.put_another_server(kRatio, node("b"));
  });
  CHECK(arm_of(world).cusum == 0);
  CHECK(arm_of(world).window.empty());
}

TEST_CASE("identity: a breach of another server's does not count towards `for` (H4)") {
  auto policy = quick_breaker();
  std::get<LevelTest>(policy.open.arms[0].test).hold_for = seconds(10);
  World world({policy});
  const auto high = [](World& w) { w.put_gauge(1); };
  world.run(9, high);
  world.run(1, [](World& w) { w.put_another_server(kGauge); });
  world.run(9, high);
  CHECK(world.count(Step::opened) == 0);
  world.run(2, high);
  CHECK(world.count(Step::opened) == 1);
}

TEST_CASE("identity: a moving average starts anew on another server (H4)") {
  auto policy = quick_breaker();
  policy.open.arms[0].smooth = seconds(60);
  World world({policy});
  world.run(5, [](World& w) { w.put_gauge(1); });
  REQUIRE(world.memory("quick").state == BreakerState::open);
  world.run(1, [](World& w) { w.put_another_server(kGauge); });
  world.run(1, [](World& w) { w.put_gauge(0.1); });
  CHECK(arm_of(world).smoothed == 0.1);
}

TEST_CASE(
    "identity: what stands open stays, and must be clear for its time on the new server (H4)") {
  World world({circuit_breaker()});
  world.run(36, storm);
  world.run(50, calm);
  world.run(2, [](World& w) { w.put_another_server(kRatio); });
  CHECK(world.memory(kCircuitBreaker).state == BreakerState::open);
  CHECK(world.last.desired.size() == 1);
  CHECK(arm_of(world).involved);
  const auto again = world.now;
  while (world.memory(kCircuitBreaker).state == BreakerState::open &&
         world.now - again < seconds(200)) {
    world.run(1, calm);
  }
  CHECK(world.memory(kCircuitBreaker).state == BreakerState::half_open);
  CHECK(world.memory(kCircuitBreaker).changed - again >= seconds(60));
}
