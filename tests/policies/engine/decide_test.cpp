// SPDX-License-Identifier: Apache-2.0
// Due times, modes, verdicts, determinism and the speed-up of decide().
#include "policies/engine/decide.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "policies/model/codec.hpp"
#include "tests/policies/engine/world.hpp"

using namespace homeostat;
using namespace homeostat::testing;

namespace {

std::vector<double> evaluated_at(const World& world) {
  std::vector<double> times;
  for (const auto& verdict : world.verdicts) times.push_back(to_seconds(verdict.at - origin()));
  return times;
}

/// A storm, a pause, another storm while half open, and the end of it.
std::string story(World& world) {
  std::string told;
  const auto note = [&](World& w) {
    w.tick();
    for (const auto& verdict : w.last.verdicts) told += to_json(verdict).dump();
    for (const auto& lever : w.last.desired) told += to_json(lever).dump();
    for (const auto& effect : w.last.effects) told += to_json(effect).dump();
  };
  for (int i = 0; i < 600; ++i) {
    const bool stormy = i < 120 || (i > 220 && i < 300);
    stormy ? storm(world) : calm(world);
    note(world);
  }
  return told;
}

}  // namespace

TEST_CASE("decide: a quiet policy is evaluated at its `every`, in absolute time, from the start") {
  World world({circuit_breaker()});
  world.run(100, calm);
  CHECK(evaluated_at(world) == std::vector<double>{0, 30, 60, 90});
}

TEST_CASE("decide: missed due times are skipped, the grid stays") {
  World world({circuit_breaker()});
  world.run(1, calm);
  world.now = origin() + seconds(75);
  world.run(20, calm);
  CHECK(evaluated_at(world) == std::vector<double>{0, 75, 90});
}

TEST_CASE("decide: a policy that is armed or not closed is evaluated with each fold too") {
  World world({circuit_breaker()});
  world.run(11, calm);
  world.run(30, storm);
  CHECK(evaluated_at(world) == std::vector<double>{0, 15, 20, 25, 30, 35, 40});
}

TEST_CASE("decide: `every` below a fold is kept") {
  World world({quick_breaker()});
  world.run(4, [](World& w) { w.put_gauge(0); });
  CHECK(evaluated_at(world) == std::vector<double>{0, 1, 2, 3});
}

TEST_CASE("decide: a step that comes a little early is not one too few") {
  World world({quick_breaker()});
  for (const double at : {0.0, 0.998, 1.999, 3.0}) {
    world.now = origin() + seconds(at);
    world.put_gauge(0);
    world.tick();
  }
  CHECK(world.verdicts.size() == 4);
}

TEST_CASE("decide: cusum steps on each fold, whatever the policy's every") {
  auto policy = circuit_breaker();
  policy.every = seconds(600);
  World world({policy});
  world.run(40, storm);
  CHECK(world.first(Step::opened) == 35.0);
}

TEST_CASE("decide: off is neither evaluated nor remembered, shadow only says what it would do") {
  auto policy = circuit_breaker();
  policy.mode = Mode::shadow;
  World world({policy});
  world.run(120, storm);
  CHECK(world.last.desired.empty());
  CHECK(world.last.would.size() == 3);
  CHECK(latest(world).mode == Mode::shadow);
  CHECK(latest(world).rung == 3);
  CHECK(memories(world.state).empty());
  world.set.policies[0].mode = Mode::off;
  const auto before = world.verdicts.size();
  world.run(60, storm);
  CHECK(world.verdicts.size() == before);
  CHECK(world.last.would.empty());
  CHECK(world.state.policies.empty());
}

TEST_CASE("decide: what shadow had opened does not become levers when it is enforced") {
  auto policy = circuit_breaker();
  policy.mode = Mode::shadow;
  World world({policy});
  world.run(120, storm);
  world.set.policies[0].mode = Mode::enforce;
  world.run(1, storm);
  CHECK(world.last.desired.empty());
  CHECK(world.memory("circuit-breaker").state == BreakerState::closed);
  world.run(45, storm);
  CHECK(world.last.desired.size() == 1);
}

TEST_CASE("decide: a policy that is gone or changed wants nothing (H35)") {
  World world({circuit_breaker()});
  world.run(36, storm);
  REQUIRE(world.last.desired.size() == 1);
  auto changed = world;
  changed.set.policies[0].hash = "other";
  changed.run(1, storm);
  CHECK(changed.last.desired.empty());
  world.set.policies.clear();
  world.run(1, storm);
  CHECK(world.last.desired.empty());
  CHECK(world.last.alerts.empty());
}

TEST_CASE("decide: kinds that are not evaluated yet want nothing") {
  auto policy = circuit_breaker();
  policy.kind = PolicyKind::job;
  World world({policy});
  world.run(60, storm);
  CHECK(world.verdicts.empty());
}

TEST_CASE("decide: a quiet verdict shows which gate held it back and by how much") {
  World world({circuit_breaker()});
  world.run(300, calm);
  world.run(21, storm);
  const auto& verdict = latest(world);
  CHECK(verdict.step == Step::idle);
  REQUIRE(verdict.evidence.size() == 1);
  const auto& evidence = verdict.evidence[0];
  CHECK(evidence.quality == Quality::whole);
  CHECK(evidence.numerator == 24);
  CHECK(evidence.denominator == 30);
  CHECK(*evidence.judged == Approx(0.7153).epsilon(0.001));
  CHECK(*evidence.cusum == Approx(0.6));
  CHECK_FALSE(evidence.tripped);
  const auto* trip = gate_of(verdict, GateKind::trip);
  REQUIRE(trip != nullptr);
  CHECK(trip->arm == 0);
  CHECK(trip->threshold == 1);
  CHECK(trip->margin == Approx(-0.4));
  const auto* backstop = gate_of(verdict, GateKind::backstop);
  REQUIRE(backstop != nullptr);
  CHECK(backstop->threshold == 0.20);
  CHECK(backstop->margin < 0);
  CHECK(gate_of(verdict, GateKind::freshness)->margin == 10);
}

TEST_CASE("decide: a level's verdict shows its dwell") {
  auto policy = quick_breaker();
  std::get<LevelTest>(policy.open.arms[0].test).for_samples = 3;
  World world({policy});
  world.run(2, [](World& w) { w.put_gauge(0.5); });
  const auto* dwell = gate_of(latest(world), GateKind::dwell);
  REQUIRE(dwell != nullptr);
  CHECK(dwell->value == 2);
  CHECK(dwell->margin == -1);
  CHECK(gate_of(latest(world), GateKind::trip)->margin == Approx(0.1));
}

TEST_CASE("decide: an open verdict shows hold, clear and clear_for") {
  World world({circuit_breaker()});
  world.run(36, storm);
  world.run(20, calm);
  const auto& verdict = latest(world);
  CHECK(verdict.step == Step::holding);
  CHECK(verdict.state == BreakerState::open);
  CHECK(verdict.rung == 1);
  CHECK(verdict.rungs == 3);
  CHECK(verdict.hold == seconds(60));
  CHECK(verdict.trips == 1);
  CHECK(gate_of(verdict, GateKind::hold)->value == 20);
  CHECK(gate_of(verdict, GateKind::clear)->passed);
  CHECK(gate_of(verdict, GateKind::clear_for)->threshold == 60);
}

TEST_CASE("decide: margins and passed agree in every gate of a whole story") {
  World world({circuit_breaker()});
  story(world);
  int gates = 0;
  for (const auto& verdict : world.verdicts) {
    for (const auto& gate : verdict.gates) {
      ++gates;
      CHECK(gate.passed == (gate.margin >= 0));
    }
  }
  CHECK(gates > 500);
}

TEST_CASE("decide: equal arguments, equal decisions and states") {
  auto policy = circuit_breaker();
  policy.expect = Expectation{kRatio, ExpectedMove::falls_by, 0.2, seconds(60)};
  World first({policy});
  World second({policy});
  CHECK(story(first) == story(second));
  CHECK(first.state == second.state);
  CHECK(first.count(Step::reopened) == 1);
  CHECK_FALSE(first.effects.empty());
}

TEST_CASE("decide: ten times faster makes the same decisions at a tenth of the time") {
  auto policy = circuit_breaker();
  policy.open.arms.push_back(level_arm(0.4, 0.2, 2));
  policy.open.arms[1].smooth = seconds(5);
  policy.expect = Expectation{kRatio, ExpectedMove::falls_by, 0.2, seconds(60)};
  World normal({policy});
  World fast({sped_up(policy, 10)});
  fast.set.settings = sped_up(normal.set.settings, 10);
  fast.step = normal.step / 10;
  const auto gauge_too = [](World& world, int i) { world.put_gauge(i % 450 > 420 ? 0.6 : 0.05); };
  for (int i = 0; i < 800; ++i) {
    const bool stormy = i < 120 || (i > 220 && i < 300);
    for (World* world : {&normal, &fast}) {
      stormy ? storm(*world) : calm(*world);
      gauge_too(*world, i);
      world->tick();
    }
    REQUIRE(normal.verdicts.size() == fast.verdicts.size());
  }
  REQUIRE(normal.verdicts.size() > 100);
  for (std::size_t i = 0; i < normal.verdicts.size(); ++i) {
    const auto& slow = normal.verdicts[i];
    const auto& quick = fast.verdicts[i];
    REQUIRE(slow.step == quick.step);
    REQUIRE(slow.rung == quick.rung);
    REQUIRE(slow.admitted == quick.admitted);
    REQUIRE((slow.at - origin()) == 10 * (quick.at - origin()));
  }
  CHECK(normal.effects.size() == fast.effects.size());
  CHECK(normal.count(Step::closed) > 0);
}
