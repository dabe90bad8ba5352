// SPDX-License-Identifier: Apache-2.0
// Giving back, driven through decide().
#include <catch2/catch.hpp>

#include "tests/policies/engine/world.hpp"

using namespace homeostat;
using namespace homeostat::testing;

namespace {

struct Given {
  double at = 0;  ///< seconds after the storm
  Step step = Step::idle;
  int rung = 0;
  double admitted = 0;
  friend bool operator==(const Given&, const Given&) = default;
};

std::ostream& operator<<(std::ostream& out, const Given& given) {
  return out << given.at << " s: " << to_text(given.step) << ", rung " << given.rung << ", admits "
             << given.admitted;
}

std::vector<Given> given_back(const World& world, TimePoint since) {
  std::vector<Given> steps;
  for (const auto& verdict : world.verdicts) {
    if (verdict.at < since) continue;
    if (verdict.step != Step::restored && verdict.step != Step::closed) continue;
    const auto at = to_seconds(verdict.at - since);
    steps.push_back({at, verdict.step, verdict.rung, verdict.admitted});
  }
  return steps;
}

}  // namespace

TEST_CASE("restore: full service at most 180 s after the storm, with three rungs, in any phase") {
  const int extra = GENERATE(0, 1, 2, 3, 4);
  World world({circuit_breaker()});
  world.run(110 + extra, storm);
  REQUIRE(world.memory(kCircuitBreaker).rung == 3);
  const auto over = world.now;
  world.run(181, calm);
  CHECK(world.memory(kCircuitBreaker).state == BreakerState::closed);
  CHECK(world.last.desired.empty());
  const auto steps = given_back(world, over);
  REQUIRE(steps.size() == 5);
  CHECK(steps.back().step == Step::closed);
  CHECK(steps.back().at <= 180);
  CHECK(steps.back().at > 170);
  CHECK(world.count(Step::reopened) == 0);
}

TEST_CASE("restore: the last rung first and whole, the next after 30 s, only the first in steps") {
  World world({circuit_breaker()});
  world.run(111, storm);
  const auto over = world.now;
  world.run(181, calm);
  CHECK(given_back(world, over) == std::vector<Given>{{59, Step::restored, 2, 0},
                                                      {89, Step::restored, 1, 0},
                                                      {119, Step::restored, 1, 0.05},
                                                      {149, Step::restored, 1, 0.25},
                                                      {179, Step::closed, 0, 0}});
}

TEST_CASE("restore: never before the hold is over") {
  World world({circuit_breaker()});
  world.run(36, storm);
  world.run(58, calm);
  CHECK(world.memory(kCircuitBreaker).state == BreakerState::open);
  const auto* hold = gate_of(latest(world), GateKind::hold);
  REQUIRE(hold != nullptr);
  CHECK(hold->threshold == 60);
  CHECK(hold->margin < 0);
  world.run(8, calm);
  CHECK(world.memory(kCircuitBreaker).state == BreakerState::half_open);
}

TEST_CASE("restore: an idle database closes an open breaker (H2)") {
  World world({circuit_breaker()});
  world.run(111, storm);
  world.run(181, idle);
  CHECK(world.memory(kCircuitBreaker).state == BreakerState::closed);
}

TEST_CASE("restore: nothing comes back on absent signals, and their time does not count (H1)") {
  World world({circuit_breaker()});
  world.run(36, storm);
  world.run(50, calm);
  world.run(600, [](World& w) { w.put_absent(kRatio); });
  CHECK(world.memory(kCircuitBreaker).state == BreakerState::open);
  CHECK(latest(world).step == Step::unknown);
  CHECK(world.last.desired.size() == 1);
  world.run(4, calm);
  CHECK(world.memory(kCircuitBreaker).state == BreakerState::open);
  world.run(7, calm);
  CHECK(world.memory(kCircuitBreaker).state == BreakerState::half_open);
}

TEST_CASE("restore: goes on while forward acts are barred") {
  World world({circuit_breaker()});
  world.run(111, storm);
  world.snapshot.bar = ForwardBar::paused;
  world.run(181, calm);
  CHECK(world.memory(kCircuitBreaker).state == BreakerState::closed);
}

TEST_CASE("restore: steps add to what the engaged rung admits") {
  auto policy = circuit_breaker();
  policy.ladder = {shed("class/batch", 0.5)};
  World world({policy});
  world.run(36, storm);
  std::vector<double> shares;
  for (int i = 0; i < 150; ++i) {
    world.run(1, calm);
    const auto admits = world.admits("class/batch").value_or(1);
    if (shares.empty() || shares.back() != admits) shares.push_back(admits);
  }
  CHECK(shares == std::vector<double>{0.5, 0.525, 0.625, 1});
}

TEST_CASE("restore: a first rung that admits no share comes back whole") {
  auto policy = circuit_breaker();
  Act profile;
  profile.lever = "planner_profile";
  profile.target = "profile/contention";
  policy.ladder = {profile};
  World world({policy});
  world.run(36, storm);
  REQUIRE(world.last.desired.size() == 1);
  world.run(70, calm);
  CHECK(world.memory(kCircuitBreaker).state == BreakerState::closed);
  CHECK(world.last.desired.empty());
}

TEST_CASE("restore: a breaker that waited for a gate restores the same way") {
  World world({circuit_breaker()});
  world.snapshot.bar = ForwardBar::not_leader;
  world.run(100, storm);
  CHECK(world.count(Step::opened) == 0);
  CHECK(latest(world).step == Step::blocked);
  CHECK(latest(world).bar == ForwardBar::not_leader);
  world.snapshot.bar = ForwardBar::none;
  world.run(6, storm);
  CHECK(world.memory(kCircuitBreaker).state == BreakerState::open);
  world.run(160, calm);
  CHECK(world.memory(kCircuitBreaker).state == BreakerState::closed);
}

TEST_CASE("restore: steps that come a few milliseconds early or late cost no fold") {
  World world({circuit_breaker()});
  int i = 0;
  const auto jitter = [&](World& w) {
    w.now = origin() + seconds(i + (i % 7) * 0.004);
    ++i;
  };
  for (int step = 0; step < 111; ++step) {
    jitter(world);
    storm(world);
    world.tick();
  }
  const auto over = world.now;
  for (int step = 0; step < 181; ++step) {
    jitter(world);
    calm(world);
    world.tick();
  }
  const auto steps = given_back(world, over);
  REQUIRE(steps.size() == 5);
  CHECK(steps.back().at <= 180);
}

TEST_CASE("restore: evidence from before half open re-opens nothing") {
  World world({circuit_breaker()});
  world.run(150, storm);                                       // S stands at twice the trip
  const auto nearly = [](World& w) { w.put_ratio(4.8, 32); };  // r 0.142: clear, decays slowly
  while (world.memory(kCircuitBreaker).state == BreakerState::open) world.run(1, nearly);
  world.run(15, [](World& w) { w.put_ratio(8, 32); });  // r 0.231
  CHECK(world.count(Step::reopened) == 0);
}
