// SPDX-License-Identifier: Apache-2.0
// Holding, and what bars every forward act, driven through decide().
#include "policies/engine/guards.hpp"

#include <catch2/catch.hpp>

#include "tests/policies/engine/world.hpp"

using namespace homeostat;
using namespace homeostat::testing;

namespace {

std::vector<Subject> nodes(int count) {
  std::vector<Subject> subjects;
  for (int i = 0; i < count; ++i) {
    subjects.push_back(node(std::string(1, static_cast<char>('a' + i))));
  }
  return subjects;
}

Policy per_node(int count, const std::string& lever = "feature") {
  auto policy = quick_breaker();
  policy.subjects = nodes(count);
  policy.ladder = {shed("", 0)};
  policy.ladder[0].lever = lever;
  return policy;
}

/// Every reason to bar forward acts, those to come included: up to the first without a name.
std::vector<ForwardBar> every_bar() {
  std::vector<ForwardBar> bars;
  for (int i = 0; to_text(static_cast<ForwardBar>(i)) != "?"; ++i) {
    const auto bar = static_cast<ForwardBar>(i);
    if (bar != ForwardBar::none) bars.push_back(bar);
  }
  return bars;
}

/// One step in which the first `bad` nodes are breached, the next `blind` absent, the others well.
void one_step(World& world, int bad, int blind = 0) {
  int index = 0;
  for (const auto& subject : world.set.policies[0].subjects) {
    if (index < bad) {
      world.put_gauge(1, subject);
    } else if (index < bad + blind) {
      world.put_absent(kGauge, subject);
    } else {
      world.put_gauge(0, subject);
    }
    ++index;
  }
  world.tick();
}

}  // namespace

TEST_CASE("guard: absent signals open nothing and hold what was gathered (H1, H2)") {
  World world({circuit_breaker()});
  world.run(31, storm);
  const auto s = world.state.policies.begin()->second.arms[0].cusum;
  CHECK(s == Approx(0.9));
  world.run(120, [](World& w) { w.put_absent(kRatio); });
  CHECK(world.state.policies.begin()->second.arms[0].cusum == s + 0.15);  // the fold then filling
  CHECK(latest(world).step == Step::unknown);
  CHECK(world.last.desired.empty());
}

TEST_CASE("guard: a sample that stands still goes stale and opens nothing (H1, S5)") {
  World world({circuit_breaker()});
  world.run(28, storm);
  world.run(300, [](World&) {});
  CHECK(world.count(Step::opened) == 0);
  CHECK(latest(world).step == Step::unknown);
  REQUIRE(latest(world).evidence.size() == 1);
  CHECK(latest(world).evidence[0].reason == AbsentReason::stale);
  const auto* freshness = gate_of(latest(world), GateKind::freshness);
  REQUIRE(freshness != nullptr);
  CHECK_FALSE(freshness->passed);
}

TEST_CASE("guard: NaN is absent, never a breach (H2)") {
  World world({quick_breaker(), circuit_breaker()});
  world.run(120, [](World& w) {
    w.put_gauge(std::nan(""));
    w.put_ratio(std::nan(""), 1);
  });
  CHECK(world.count(Step::opened) == 0);
  CHECK(world.count(Step::blocked) == 0);
}

TEST_CASE("guard: an idle system opens nothing, whatever S was (H2)") {
  World world({circuit_breaker()});
  world.snapshot.bar = ForwardBar::paused;
  world.run(90, storm);
  REQUIRE(latest(world).step == Step::blocked);
  world.run(10, idle);
  world.snapshot.bar = ForwardBar::none;
  world.run(30, idle);
  CHECK(world.count(Step::opened) == 0);
}

TEST_CASE("guard: every bar stops opening, climbing and re-opening (S7)") {
  const std::string name = "circuit-breaker";
  const auto bar = GENERATE(from_range(every_bar()));
  INFO(to_text(bar));
  World world({circuit_breaker()});
  const auto shut = [&](Step forward) {
    const int before = world.count(forward);
    const auto stood = world.memory(name);
    const auto levers = world.last.desired.size();
    world.snapshot.bar = bar;
    world.run(100, storm);
    CHECK(world.count(forward) == before);
    CHECK(world.memory(name) == stood);
    CHECK(world.last.desired.size() == levers);
    CHECK(latest(world).step == Step::blocked);
    CHECK(latest(world).bar == bar);
    const auto* gate = gate_of(latest(world), GateKind::bar);
    REQUIRE(gate != nullptr);
    CHECK_FALSE(gate->passed);
    world.snapshot.bar = ForwardBar::none;
    world.run(6, storm);
    CHECK(world.count(forward) == before + 1);  // and nothing but the bar
  };
  calm(world);
  world.tick();
  shut(Step::opened);
  shut(Step::climbed);
  while (world.memory(name).state != BreakerState::half_open) world.run(1, calm);
  shut(Step::reopened);
}

TEST_CASE("guard: half of four subjects absent holds, fewer does not (H6)") {
  World held({per_node(4)});
  one_step(held, 1, 2);
  CHECK(held.count(Step::opened) == 0);
  CHECK(held.verdicts[0].step == Step::blocked);
  const auto* known = gate_of(held.verdicts[0], GateKind::known_subjects);
  REQUIRE(known != nullptr);
  CHECK(known->value == 2);
  CHECK(known->threshold == 3);
  World acts({per_node(4)});
  one_step(acts, 1, 1);
  CHECK(acts.count(Step::opened) == 1);
}

TEST_CASE("guard: fewer than four subjects never hold by number (H6)") {
  World world({per_node(3, "zone")});
  one_step(world, 1, 2);
  CHECK(world.count(Step::opened) == 1);
}

TEST_CASE("guard: most subjects breached holds levers that isolate, not those that shed (H6)") {
  const int breached = GENERATE(2, 3, 4);
  World isolating({per_node(4, "zone")});
  one_step(isolating, breached);
  CHECK(isolating.count(Step::opened) == (breached == 2 ? 2 : 0));
  World shedding({per_node(4, "feature")});
  one_step(shedding, breached);
  CHECK(shedding.count(Step::opened) == breached);
}

TEST_CASE("guard: a breach too short to trip still counts as breached (H6)") {
  auto policy = per_node(4, "zone");
  std::get<LevelTest>(policy.open.arms[0].test).for_samples = 2;
  World world({policy});
  one_step(world, 1);
  one_step(world, 3);
  CHECK(world.count(Step::opened) == 0);
  CHECK(world.count(Step::blocked) == 1);
}

TEST_CASE("guard: max_subjects is rounded up and never below one") {
  const auto [count, share, most] = GENERATE(table<int, double, int>({{1, 0.25, 1},
                                                                      {3, 0.25, 1},
                                                                      {4, 0.25, 1},
                                                                      {5, 0.25, 2},
                                                                      {8, 0.25, 2},
                                                                      {10, 0.3, 3},
                                                                      {4, 0, 1},
                                                                      {4, 1, 4}}));
  auto policy = per_node(count);
  policy.limits.max_subjects = share;
  World world({policy});
  one_step(world, count);
  CHECK(world.count(Step::opened) == most);
  CHECK(world.count(Step::blocked) == count - most);
}

TEST_CASE("guard: a policy waits while another that it names is open or unknown") {
  auto waiting = quick_breaker("b");
  waiting.blocked_while = {"a"};
  waiting.open.arms[0].signal = "other";
  World world({quick_breaker("a"), waiting});
  const auto other = [](World& w) { put(w.snapshot, gauge("other", {}, 1, w.now)); };
  world.run(3, [&](World& w) {
    w.put_gauge(1);
    other(w);
  });
  CHECK(world.memory("a").state == BreakerState::open);
  CHECK(world.memory("b").state == BreakerState::closed);
  CHECK_FALSE(gate_of(latest(world), GateKind::blocked_while)->passed);
  world.run(10, [&](World& w) {
    w.put_gauge(0);
    other(w);
  });
  CHECK(world.memory("b").state == BreakerState::open);

  World blind({quick_breaker("a"), waiting});
  blind.run(3, [&](World& w) {
    w.put_absent(kGauge);
    other(w);
  });
  CHECK(blind.memory("b").state == BreakerState::closed);
}

TEST_CASE("guard: arms with max_rung block nobody") {
  auto waiting = quick_breaker("b");
  waiting.blocked_while = {"a"};
  waiting.open.arms[0].signal = "other";
  auto gentle = quick_breaker("a");
  gentle.open.arms[0].max_rung = 1;
  World world({gentle, waiting});
  world.run(3, [&](World& w) {
    w.put_gauge(1);
    put(w.snapshot, gauge("other", {}, 1, w.now));
  });
  CHECK(world.memory("a").state == BreakerState::open);
  CHECK(world.memory("b").state == BreakerState::open);
}

TEST_CASE("guard: evidence from before an outage opens nothing before a fold was read again (H1)") {
  World world({circuit_breaker()});
  world.snapshot.bar = ForwardBar::ledger_lost;
  world.run(41, storm);
  REQUIRE(latest(world).step == Step::blocked);
  world.run(59, [](World& w) { w.put_absent(kRatio); });
  world.snapshot.bar = ForwardBar::none;
  world.run(5, storm);  // the fold that ended last holds no reading
  CHECK(world.count(Step::opened) == 0);
  CHECK(latest(world).step == Step::unknown);
  world.run(1, storm);
  CHECK(world.count(Step::opened) == 1);
}

TEST_CASE("guard: an arm past its max_open does not make a subject unknown (H6)") {
  World world({per_node(4)});
  one_step(world, 0);
  one_step(world, 0, 4);
  const auto& policy = world.set.policies[0];
  const auto counted = [&] {
    return survey(world.set, world.snapshot, world.state, policy, world.now);
  };
  CHECK(counted().subjects == 4);
  CHECK(counted().known == 0);
  for (auto& [key, runtime] : world.state.policies) runtime.arms[0].exhausted = true;
  CHECK(counted().known == 4);
}
