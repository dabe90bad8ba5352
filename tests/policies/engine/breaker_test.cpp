// SPDX-License-Identifier: Apache-2.0
// Opening, climbing and re-opening, driven through decide().
#include "policies/engine/breaker.hpp"

#include <catch2/catch.hpp>

#include "policies/engine/folds.hpp"
#include "tests/policies/engine/world.hpp"

using namespace homeostat;
using namespace homeostat::testing;

namespace {

/// Calm until the first rung of an opened breaker has come back to 5 %.
void until_half_open(World& world) {
  world.run(35, storm);
  REQUIRE(world.tick().verdicts.size() == 1);
  REQUIRE(world.memory(kCircuitBreaker).state == BreakerState::open);
  for (int i = 0; i < 200 && world.memory(kCircuitBreaker).state == BreakerState::open; ++i) {
    world.run(1, calm);
  }
  REQUIRE(world.memory(kCircuitBreaker).state == BreakerState::half_open);
}

/// r 0.176: not clear any more than beyond ref.
void between(World& world) { world.put_ratio(6, 32); }

/// Open on the first rung, S at twice the trip, and the fold that ended last between clear and ref.
void with_old_evidence(World& world, const std::function<void(World&)>& more) {
  const auto step = [&](int count, void (*load)(World&)) {
    world.run(count, [&](World& w) {
      load(w);
      more(w);
    });
  };
  step(36, storm);
  world.snapshot.bar = ForwardBar::paused;
  step(44, storm);
  step(6, between);
  world.snapshot.bar = ForwardBar::none;
  REQUIRE(world.memory(kCircuitBreaker).rung == 1);
}

/// When it climbed, in seconds, and to which rung.
std::vector<std::pair<double, int>> climbs(const World& world) {
  std::vector<std::pair<double, int>> found;
  for (const auto& verdict : world.verdicts) {
    if (verdict.step != Step::climbed) continue;
    found.emplace_back(to_seconds(verdict.at - origin()), verdict.rung);
  }
  return found;
}

Policy one_rung() {
  auto policy = circuit_breaker();
  policy.ladder.resize(1);
  return policy;
}

}  // namespace

TEST_CASE("breaker: a severe storm opens it after seven folds, with the first rung only") {
  World world({circuit_breaker()});
  world.run(35, storm);
  CHECK(world.last.desired.empty());
  storm(world);
  world.tick();
  CHECK(world.first(Step::opened) == 35.0);
  REQUIRE(world.last.desired.size() == 1);
  const auto& lever = world.last.desired[0];
  CHECK(lever.key == LeverKey{"feature", "class/rebuildable"});
  CHECK(std::get<double>(lever.value.arguments.at("admit")) == 0.0);
  CHECK(lever.rung == 1);
  CHECK(lever.ttl == seconds(120));
  CHECK(lever.policy == kCircuitBreaker);
  CHECK(lever.policy_hash == "c0ffee");
  CHECK(lever.reason == "circuit-breaker opened: pg_blocked_ratio folded 0.7153, S 1.05 >= 1");
}

TEST_CASE("breaker: blips of 60 % for 5 to 20 s do not open it, in any phase") {
  const int length = GENERATE(5, 10, 15, 20);
  const int phase = GENERATE(0, 1, 2, 3, 4);
  World world({circuit_breaker()});
  const auto blip = [](World& w) { w.put_ratio(60, 100); };
  world.run(phase, calm);
  for (int i = 0; i < 20; ++i) {
    world.run(length, blip);
    world.run(120 - length, calm);
  }
  CHECK(world.count(Step::opened) == 0);
  CHECK(world.count(Step::blocked) == 0);
}

TEST_CASE("breaker: a load just above ref opens it by the five-minute mean, just below never") {
  World above({circuit_breaker()});
  above.run(400, [](World& w) { w.put_ratio(7.1, 32); });
  CHECK(above.first(Step::opened) == 240.0);
  World below({circuit_breaker()});
  below.run(2000, [](World& w) { w.put_ratio(6.8, 32); });
  CHECK(below.count(Step::opened) == 0);
}

TEST_CASE("breaker: climbs one rung at a time while it stays tripped, to the ladder's end") {
  World world({circuit_breaker()});
  world.run(160, storm);
  CHECK(world.first(Step::opened) == 35.0);
  CHECK(climbs(world) == std::vector<std::pair<double, int>>{{65, 2}, {95, 3}});
  CHECK(world.last.desired.size() == 3);
  CHECK(latest(world).step == Step::holding);
  const auto* rungs = gate_of(latest(world), GateKind::rungs);
  REQUIRE(rungs != nullptr);
  CHECK(rungs->value == 0);
  CHECK_FALSE(rungs->passed);
}

TEST_CASE("breaker: a mild storm climbs after climb_after too, on the evidence that opened it") {
  World world({circuit_breaker()});
  world.run(200, [](World& w) { w.put_ratio(8.7, 32); });  // r 0.2506, 0.05 over ref
  CHECK(world.first(Step::opened) == 100.0);
  CHECK(climbs(world) == std::vector<std::pair<double, int>>{{130, 2}, {160, 3}});
}

TEST_CASE("breaker: old evidence alone climbs nothing between clear and ref, and shows why") {
  World world({circuit_breaker()});
  with_old_evidence(world, [](World&) {});
  world.run(100, between);
  CHECK(world.memory(kCircuitBreaker).rung == 1);
  CHECK(latest(world).step == Step::holding);
  CHECK(latest(world).evidence[0].tripped);
  const auto* gate = gate_of(latest(world), GateKind::climb_above);
  REQUIRE(gate != nullptr);
  CHECK(gate->arm == 0);
  CHECK(gate->threshold == 0.20);
  CHECK(gate->margin == Approx(-0.0244).epsilon(0.01));
  CHECK_FALSE(gate->passed);
  world.run(11, storm);
  CHECK(world.memory(kCircuitBreaker).rung == 2);
}

TEST_CASE("breaker: only arms that are beyond their threshold now say how high it may climb") {
  auto policy = circuit_breaker();
  policy.open.arms.push_back(level_arm(0.3, 0.25));
  policy.open.arms[1].max_rung = 1;
  World world({policy});
  with_old_evidence(world, [](World& w) { w.put_gauge(0.1); });
  world.run(60, [](World& w) {
    between(w);
    w.put_gauge(0.5);
  });
  CHECK(world.memory(kCircuitBreaker).rung == 1);
  CHECK(latest(world).step == Step::holding);
  CHECK(gate_of(latest(world), GateKind::rungs)->value == 0);
}

TEST_CASE("breaker: `all` climbs only while every arm is beyond its threshold") {
  auto policy = circuit_breaker();
  policy.open.combination = Combination::all;
  policy.open.arms.push_back(level_arm(0.4, 0.2));
  World world({policy});
  const auto high = [](World& w) { w.put_gauge(0.5); };
  with_old_evidence(world, high);
  world.run(60, [&](World& w) {
    between(w);
    high(w);
  });
  CHECK(world.memory(kCircuitBreaker).rung == 1);
  CHECK(latest(world).step == Step::holding);
}

TEST_CASE("breaker: stays on its rung when the rung was enough") {
  World world({circuit_breaker()});
  world.run(36, storm);
  world.run(59, calm);
  CHECK(world.memory(kCircuitBreaker).rung == 1);
  CHECK(world.count(Step::climbed) == 0);
}

TEST_CASE("breaker: an arm with max_rung alone never climbs higher") {
  auto policy = circuit_breaker();
  policy.open.arms.push_back(level_arm(0.3, 0.25, 2));
  policy.open.arms[1].max_rung = 1;
  World world({policy});
  const auto skewed = [](World& w) {
    calm(w);
    w.put_gauge(0.5);
  };
  world.run(600, skewed);
  CHECK(world.memory(kCircuitBreaker).rung == 1);
  world.run(200, [](World& w) {
    storm(w);
    w.put_gauge(0.5);
  });
  CHECK(world.memory(kCircuitBreaker).rung == 3);
}

TEST_CASE("breaker: an arm past max_open is ignored until it was clear") {
  auto policy = one_rung();
  policy.open.arms = {level_arm(0.3, 0.25, 2)};
  policy.open.arms[0].max_open = seconds(300);
  World world({policy});
  const auto high = [](World& w) { w.put_gauge(0.5); };
  world.run(900, high);
  CHECK(world.count(Step::opened) == 1);
  CHECK(world.count(Step::reopened) == 0);
  CHECK(world.memory(kCircuitBreaker).state == BreakerState::closed);
  CHECK(world.first(Step::closed).value_or(0) <= 420);
  world.run(90, [](World& w) { w.put_gauge(0.1); });
  world.run(60, high);
  CHECK(world.count(Step::opened) == 2);
}

TEST_CASE("breaker: `all` needs every arm") {
  auto policy = one_rung();
  policy.open.combination = Combination::all;
  policy.open.arms.push_back(level_arm(0.4, 0.2, 2));
  World world({policy});
  world.run(120, [](World& w) {
    storm(w);
    w.put_gauge(0.1);
  });
  CHECK(world.count(Step::opened) == 0);
  world.run(10, [](World& w) {
    storm(w);
    w.put_gauge(0.5);
  });
  CHECK(world.count(Step::opened) == 1);
}

TEST_CASE("breaker: an absent arm that never tripped does not keep it open") {
  auto policy = circuit_breaker();
  policy.open.arms.push_back(level_arm(0.4, 0.2, 2));
  World world({policy});
  const auto blind_arm = [](World& w) { w.put_absent(kGauge); };
  world.run(36, [&](World& w) {
    storm(w);
    blind_arm(w);
  });
  REQUIRE(world.memory(kCircuitBreaker).state == BreakerState::open);
  world.run(20, [&](World& w) {
    calm(w);
    blind_arm(w);
  });
  CHECK(latest(world).step == Step::holding);
  world.run(160, [&](World& w) {
    calm(w);
    blind_arm(w);
  });
  CHECK(world.count(Step::closed) == 1);
  CHECK(world.memory(kCircuitBreaker).state == BreakerState::closed);
  CHECK(latest(world).step == Step::unknown);  // closed, it cannot tell
}

TEST_CASE("breaker: an absent arm that tripped keeps it open (H1)") {
  const bool all = GENERATE(false, true);
  auto policy = one_rung();
  policy.every = seconds(1);
  if (all) policy.open.combination = Combination::all;
  policy.open.arms.push_back(level_arm(0.4, 0.2, 2));
  World world({policy});
  world.run(40, [](World& w) {
    storm(w);
    w.put_gauge(0.5);
  });
  REQUIRE(world.memory(kCircuitBreaker).state == BreakerState::open);
  world.run(300, [](World& w) {
    calm(w);
    w.put_absent(kGauge);
  });
  CHECK(world.memory(kCircuitBreaker).state == BreakerState::open);
  CHECK(latest(world).step == Step::unknown);
}

TEST_CASE("breaker: re-opens from half open at S >= 0.5, after one fold of a severe storm") {
  World world({one_rung()});
  until_half_open(world);
  CHECK(world.admits("class/rebuildable") == 0.05);
  CHECK(latest(world).admitted == 0.05);
  const auto from = world.now;
  world.run(11, storm);
  REQUIRE(world.first(Step::reopened, from));
  CHECK(*world.first(Step::reopened, from) - to_seconds(from - origin()) <= 10);
  CHECK(world.admits("class/rebuildable") == 0.0);
  CHECK(world.memory(kCircuitBreaker).state == BreakerState::open);
  CHECK(world.memory(kCircuitBreaker).rung == 1);
  CHECK(world.memory(kCircuitBreaker).trips == 2);
}

TEST_CASE("breaker: a mild return needs the same half of the evidence") {
  World world({one_rung()});
  until_half_open(world);
  while (fold_number(world.now, seconds(5)) * 5 != world.now.time_since_epoch() / seconds(1)) {
    world.run(1, calm);
  }
  const auto from = world.now;
  const auto mild = [](World& w) { w.put_ratio(12, 32); };  // r 0.342, 0.142 over ref
  world.run(20, mild);
  CHECK(world.count(Step::reopened) == 0);
  world.run(1, mild);
  CHECK(world.first(Step::reopened, from) == to_seconds(from - origin()) + 20);
}

TEST_CASE("breaker: re-opening takes the rung last given back, no more") {
  World world({circuit_breaker()});
  world.run(110, storm);
  REQUIRE(world.memory(kCircuitBreaker).rung == 3);
  while (world.memory(kCircuitBreaker).rung == 3) world.run(1, calm);
  REQUIRE(world.memory(kCircuitBreaker).state == BreakerState::half_open);
  while (world.memory(kCircuitBreaker).rung == 2) world.run(1, calm);
  world.run(15, storm);
  CHECK(world.memory(kCircuitBreaker).state == BreakerState::open);
  CHECK(world.memory(kCircuitBreaker).rung == 2);
  CHECK(world.count(Step::reopened) == 1);
}

TEST_CASE("breaker: a reading between clear and trip stops progress and re-opens nothing") {
  World world({one_rung()});
  until_half_open(world);
  world.run(300, [](World& w) { w.put_ratio(6, 32); });  // r 0.176
  CHECK(world.memory(kCircuitBreaker).state == BreakerState::half_open);
  CHECK(world.memory(kCircuitBreaker).restore_step == 1);
  CHECK(world.count(Step::reopened) == 0);
  world.run(40, calm);
  CHECK(world.memory(kCircuitBreaker).restore_step == 2);
}

TEST_CASE("breaker: every re-opening doubles the hold, up to the maximum (H24)") {
  World world({one_rung()});
  std::vector<double> holds;
  for (int round = 0; round < 6; ++round) {
    world.run(1, storm);
    while (world.memory(kCircuitBreaker).state != BreakerState::open) world.run(1, storm);
    holds.push_back(to_seconds(world.memory(kCircuitBreaker).hold));
    const auto opened = world.memory(kCircuitBreaker).opened;
    while (world.memory(kCircuitBreaker).state == BreakerState::open) world.run(1, calm);
    CHECK(world.memory(kCircuitBreaker).changed - opened >= world.memory(kCircuitBreaker).hold);
  }
  CHECK(holds == std::vector<double>{60, 120, 240, 480, 480, 480});
}

TEST_CASE("breaker: opening soon after closing keeps the grown hold, later starts anew (H24)") {
  const bool soon = GENERATE(true, false);
  World world({one_rung()});
  until_half_open(world);
  while (world.memory(kCircuitBreaker).state != BreakerState::closed) world.run(1, calm);
  world.run(soon ? 60 : 480, calm);
  world.run(41, storm);
  REQUIRE(world.memory(kCircuitBreaker).state == BreakerState::open);
  CHECK(world.memory(kCircuitBreaker).hold == seconds(soon ? 120 : 60));
  CHECK(world.memory(kCircuitBreaker).trips == (soon ? 2 : 1));
}
