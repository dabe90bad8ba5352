// SPDX-License-Identifier: Apache-2.0
// When nothing happens, a verdict names the gate that said no, and by how much.
#include <catch2/catch.hpp>

#include "tests/policies/engine/world.hpp"

using namespace homeostat;
using namespace homeostat::testing;

namespace {

/// Closed, with S at twice the trip.
void with_old_evidence(World& world) {
  world.snapshot.bar = ForwardBar::paused;
  world.run(90, storm);
  REQUIRE(latest(world).step == Step::blocked);
  world.snapshot.bar = ForwardBar::none;
}

/// What one of S and the mean lacks holds nothing back when the other is enough, which is when
/// not_clear is asked.
bool is_moot(const Verdict& verdict, const Gate& gate) {
  if (gate.kind != GateKind::trip && gate.kind != GateKind::backstop) return false;
  for (const auto& other : verdict.gates) {
    if (other.arm == gate.arm && other.kind == GateKind::not_clear) return true;
  }
  return false;
}

bool says_no(const Verdict& verdict, std::size_t arm) {
  for (const auto& gate : verdict.gates) {
    const bool of_arm = gate.arm == static_cast<int>(arm);
    if (of_arm && !gate.passed && !is_moot(verdict, gate)) return true;
  }
  return false;
}

bool some_gate_failed(const Verdict& verdict) {
  for (const auto& gate : verdict.gates) {
    if (!gate.passed) return true;
  }
  return false;
}

bool some_arm_absent(const Verdict& verdict) {
  for (const auto& evidence : verdict.evidence) {
    if (evidence.quality == Quality::absent) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("gate: evidence enough to trip that the last fold forbids is shown as forbidden") {
  const auto nearly = [](World& w) { w.put_ratio(4.8, 32); };  // r 0.142: clear, decays slowly
  World world({circuit_breaker()});
  with_old_evidence(world);
  world.snapshot.bar = ForwardBar::paused;
  world.run(20, nearly);
  const auto& verdict = latest(world);
  CHECK(verdict.step == Step::idle);
  CHECK(gate_of(verdict, GateKind::trip)->passed);
  const auto* gate = gate_of(verdict, GateKind::not_clear);
  REQUIRE(gate != nullptr);
  CHECK(gate->arm == 0);
  CHECK(gate->threshold == 0.15);
  CHECK(gate->value == Approx(0.1422).epsilon(0.001));
  CHECK(gate->margin == Approx(-0.0078).epsilon(0.01));
  CHECK_FALSE(gate->passed);
}

TEST_CASE("gate: an idle fold forbids a trip by the whole clear level, whatever the prior is") {
  auto policy = circuit_breaker();
  policy.open.arms[0].clear_level.reset();
  std::get<CusumTest>(policy.open.arms[0].test).prior_ratio = 0.5;
  World world({policy});
  with_old_evidence(world);
  world.run(6, idle);
  const auto* gate = gate_of(latest(world), GateKind::not_clear);
  REQUIRE(gate != nullptr);
  CHECK(gate->margin == -0.20);
  CHECK_FALSE(gate->passed);
}

TEST_CASE("gate: not_clear is asked only when there is evidence enough to trip") {
  World world({circuit_breaker()});
  world.run(31, storm);
  CHECK(gate_of(latest(world), GateKind::not_clear) == nullptr);
  world.run(5, storm);
  REQUIRE(gate_of(latest(world), GateKind::not_clear) != nullptr);
  CHECK(gate_of(latest(world), GateKind::not_clear)->passed);
}

TEST_CASE("gate: an arm past its max_open says since when it is ignored") {
  auto policy = quick_breaker();
  policy.open.arms[0].max_open = seconds(10);
  World world({policy});
  world.run(11, [](World& w) { w.put_gauge(1); });
  const auto* left = gate_of(latest(world), GateKind::max_open);
  REQUIRE(left != nullptr);
  CHECK(left->passed);
  CHECK(left->margin == 0);
  world.run(10, [](World& w) { w.put_gauge(1); });
  REQUIRE(world.memory("quick").state == BreakerState::closed);
  const auto& verdict = latest(world);
  CHECK(verdict.step == Step::idle);
  CHECK(gate_of(verdict, GateKind::trip)->passed);
  const auto* gate = gate_of(verdict, GateKind::max_open);
  REQUIRE(gate != nullptr);
  CHECK(gate->value == 20);
  CHECK(gate->threshold == 10);
  CHECK(gate->margin == -10);
  CHECK_FALSE(gate->passed);
  world.run(1, [](World& w) { w.put_absent(kGauge); });
  REQUIRE(gate_of(latest(world), GateKind::max_open) != nullptr);
  world.run(3, [](World& w) { w.put_gauge(0); });
  CHECK(gate_of(latest(world), GateKind::max_open) == nullptr);
}

TEST_CASE("gate: a fresh reading after a fold without any is not fresh evidence") {
  World world({circuit_breaker()});
  with_old_evidence(world);
  world.run(5, storm);
  world.run(20, [](World& w) { w.put_absent(kRatio); });
  world.run(1, storm);
  const auto& verdict = latest(world);
  REQUIRE(verdict.step == Step::unknown);
  const auto* gate = gate_of(verdict, GateKind::freshness);
  REQUIRE(gate != nullptr);
  // The fold of 90 to 95 s was the last with a reading; the last one ended at 115 s.
  CHECK(gate->value == 25);
  CHECK(gate->threshold == 5);
  CHECK(gate->margin == -20);
  CHECK_FALSE(gate->passed);
}

TEST_CASE("gate: a probe that failed just now has no fresh reading") {
  World world({quick_breaker()});
  world.run(1, [](World& w) { w.put_absent(kGauge); });
  CHECK(gate_of(latest(world), GateKind::freshness) == nullptr);
  world.run(12, [](World&) {});
  REQUIRE(gate_of(latest(world), GateKind::freshness) != nullptr);
  CHECK_FALSE(gate_of(latest(world), GateKind::freshness)->passed);
}

TEST_CASE("gate: whenever nothing happens, a gate says no or a signal is absent") {
  auto policy = circuit_breaker();
  policy.limits.per_hour = 3;
  policy.open.combination = GENERATE(Combination::any, Combination::all);
  policy.open.arms.push_back(level_arm(0.4, 0.2, 2));
  policy.open.arms[1].max_open = seconds(200);
  World world({policy});
  const auto phase = [&](int length, double blocked, double gauge_value) {
    world.run(length, [&](World& w) {
      w.put_ratio(blocked, 32);
      w.put_gauge(gauge_value);
    });
  };
  for (int round = 0; round < 4; ++round) {
    phase(100, 28, 0.5);  // storm
    phase(40, 6, 0.3);    // between clear and threshold
    phase(30, 4.8, 0.1);  // barely clear
    phase(50, 28, 0.1);   // one arm only
    world.run(30, [](World& w) { w.put_absent(kRatio); });
    phase(250, 1, 0.6);  // the other, past its max_open
    phase(200, 1, 0.1);  // well
  }
  int quiet = 0;
  for (const auto& verdict : world.verdicts) {
    const auto step = verdict.step;
    if (step == Step::unknown) CHECK(some_arm_absent(verdict));
    if (step != Step::idle && step != Step::holding && step != Step::blocked) continue;
    ++quiet;
    INFO(to_text(step) << " at " << to_seconds(verdict.at - origin()));
    CHECK(some_gate_failed(verdict));
    if (step != Step::idle) continue;
    for (std::size_t arm = 0; arm < verdict.evidence.size(); ++arm) {
      const auto& evidence = verdict.evidence[arm];
      if (evidence.tripped || evidence.quality == Quality::absent) continue;
      CHECK(says_no(verdict, arm));
    }
  }
  CHECK(quiet > 200);
}
