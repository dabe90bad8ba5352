// SPDX-License-Identifier: Apache-2.0
// Budgets of what acts really do, over all policies: sessions ended, bytes moved by jobs.
#include <catch2/catch.hpp>

#include "policies/engine/budgets.hpp"
#include "policies/engine/state.hpp"
#include "tests/policies/engine/jobs.hpp"

namespace homeostat::testing {
namespace {

using namespace std::chrono_literals;

/// A breaker whose only rung ends sessions.
Policy end_blockers() {
  auto policy = circuit_breaker();
  policy.ladder.resize(1);
  policy.ladder[0].lever = "end_session";
  policy.ladder[0].target = "sessions/batch";
  return policy;
}

World sessions_world(Policy policy) {
  World world({std::move(policy)});
  world.set.levers["end_session"].ends_sessions = true;
  world.set.settings.sessions_per_hour = 20;
  return world;
}

Policy any_time(std::string name, std::string target = {}) {
  auto policy = shard_balance();
  policy.name = std::move(name);
  policy.job->windows.clear();
  policy.job->budget = {};
  policy.job->deadline = 12h;
  policy.ladder[0].target = std::move(target);
  return policy;
}

JobWorld bytes_world(std::vector<Policy> policies) {
  JobWorld world(std::move(policies));
  world.set.settings.bytes_per_day = 10e9;
  return world;
}

/// It has moved so much of the part under way.
void moves(JobWorld& world, double bytes) {
  world.report(JobPhase::running).bytes_done = bytes;
  world.once();
}

std::int64_t bytes_left(const World& world) {
  return amounts_remaining(world.set, world.state, world.snapshot, world.now).at("bytes");
}

}  // namespace

TEST_CASE("sessions: when as many are ended as an hour may see, no policy ends more (S6)") {
  auto world = sessions_world(end_blockers());
  world.snapshot.sessions_ended = 20;
  world.run(60, storm);
  CHECK(world.count(Step::opened) == 0);
  const auto* const gate = gate_of(latest(world), GateKind::sessions_per_hour);
  REQUIRE(gate != nullptr);
  CHECK_FALSE(gate->passed);
  CHECK(gate->value == 0);
  CHECK(gate->threshold == 1);
  CHECK(gate->margin == -1);
  CHECK(amounts_remaining(world.set, world.state, world.snapshot, world.now).at("sessions") == 0);

  world.snapshot.sessions_ended = 19;
  world.run(60, storm);
  CHECK(world.count(Step::opened) == 1);
  CHECK(amounts_remaining(world.set, world.state, world.snapshot, world.now).at("sessions") == 1);
}

TEST_CASE("sessions: what stands is given back whatever the budget says") {
  auto world = sessions_world(end_blockers());
  world.run(60, storm);
  REQUIRE(world.last.desired.size() == 1);
  world.snapshot.sessions_ended = 100;
  world.run(400, calm);
  CHECK(world.memory("circuit-breaker").state == BreakerState::closed);
  CHECK(world.last.desired.empty());
  CHECK(amounts_remaining(world.set, world.state, world.snapshot, world.now).at("sessions") == 0);
}

TEST_CASE("sessions: other levers are not asked, and shadow has no part in it") {
  auto policy = circuit_breaker();
  SECTION("another lever") {}
  SECTION("shadow") {
    policy = end_blockers();
    policy.mode = Mode::shadow;
  }
  auto world = sessions_world(policy);
  world.snapshot.sessions_ended = 100;
  world.run(60, storm);
  CHECK(world.count(Step::opened) == 1);
  CHECK(gate_of(latest(world), GateKind::sessions_per_hour) == nullptr);
}

TEST_CASE("bytes: a job whose bytes use up what all may move in a day is stopped") {
  auto world = bytes_world({any_time(kShardBalance)});
  CHECK(world.once() == Step::started);
  world.begins();
  moves(world, 9e9);
  CHECK(latest(world).step == Step::holding);
  CHECK(passed(world, GateKind::bytes_per_day));
  CHECK(bytes_left(world) == 1'000'000'000);
  moves(world, 10e9);
  CHECK(latest(world).step == Step::stopped);
  CHECK(latest(world).job->stop == JobStop::bytes_per_day);
  const auto* const gate = gate_of(latest(world), GateKind::bytes_per_day);
  REQUIRE(gate != nullptr);
  CHECK(gate->value == 10e9);
  CHECK(gate->threshold == 10e9);
  CHECK(gate->margin == 0);
  CHECK_FALSE(gate->passed);
  CHECK(bytes_left(world) == 0);
}

TEST_CASE("bytes: used up, nothing starts or goes on until a day has passed, of any policy") {
  auto world = bytes_world({any_time("another", "other"), any_time(kShardBalance)});
  world.set.policies[0].open.arms = {imbalance_arm(9)};
  CHECK(world.once() == Step::started);
  world.begins();
  moves(world, 12e9);  // what was on its way when it was stopped counts as well
  const auto stopped = world.now;
  REQUIRE(latest(world).step == Step::stopped);
  world.report(JobPhase::stopped).bytes_done = 13e9;
  CHECK(world.once() != Step::resumed);
  CHECK(bytes_left(world) == 0);
  world.imbalance = 9.5;  // the other one would start, too
  world.until(kSunday + 27h);
  world.once();
  REQUIRE(world.last.verdicts.size() == 2);
  for (const auto& verdict : world.last.verdicts) {
    INFO(verdict.policy);
    CHECK(verdict.step == Step::blocked);
    const auto* const gate = gate_of(verdict, GateKind::bytes_per_day);
    REQUIRE(gate != nullptr);
    CHECK_FALSE(gate->passed);
  }
  while (world.count(Step::resumed) == 0 && world.now < stopped + 30h) world.once();
  CHECK(to_seconds(world.now - stopped) > to_seconds(24h));
  CHECK(to_seconds(world.now - stopped) <= to_seconds(24h + 3min));
}

TEST_CASE("bytes: what was moved counts over reload, restart and takeover, whatever changed (S6)") {
  auto world = bytes_world({any_time(kShardBalance)});
  world.once();
  world.begins();
  moves(world, 4e9);
  REQUIRE(bytes_left(world) == 6'000'000'000);
  SECTION("another text of the policy") {
    world.set.policies[0].hash = "changed";
    world.state = carried_over(world.set, std::move(world.state), world.now);
  }
  SECTION("no such policy any more, and another leader") {
    const auto moved = world.state.moved;
    world.set.policies[0].name = "another";
    world.state = resumed(world.set, {}, world.now, {}, {}, {}, moved);
  }
  CHECK(bytes_left(world) == 6'000'000'000);
  world.report(JobPhase::stopped);
  REQUIRE(world.once() == Step::started);
  world.begins();
  moves(world, 5e9);
  CHECK(latest(world).step == Step::holding);
  CHECK(bytes_left(world) == 1'000'000'000);
  moves(world, 6e9);
  CHECK(latest(world).job->stop == JobStop::bytes_per_day);
}

TEST_CASE("bytes: a part under way is not counted twice when ages are read anew a little off") {
  auto world = bytes_world({any_time(kShardBalance)});
  world.once();
  world.begins();
  moves(world, 4e9);
  auto moved = world.state.moved;
  REQUIRE(moved.size() == 1);
  moved[0].part -= 2s;
  moved[0].at += 1h;
  world.state = resumed(world.set, memories(world.state), world.now, {}, {}, {}, moved);
  REQUIRE(world.state.moved.size() == 1);
  CHECK(world.state.moved[0].at == world.now);
  moves(world, 5e9);
  CHECK(world.state.moved.size() == 1);
  CHECK(bytes_left(world) == 5'000'000'000);
}

TEST_CASE("bytes: without a limit, in shadow, or where none are moved nobody is asked") {
  auto world = bytes_world({any_time(kShardBalance)});
  world.state.moved = {{"gone", {}, world.now, world.now, 50e9}};
  SECTION("without a limit") {
    world.set.settings.bytes_per_day.reset();
    CHECK_FALSE(
        amounts_remaining(world.set, world.state, world.snapshot, world.now).contains("bytes"));
  }
  SECTION("in shadow") { world.set.policies[0].mode = Mode::shadow; }
  SECTION("a lever that moves none") { world.set.levers["rebalance"].moves_bytes = false; }
  CHECK(world.once() == Step::started);
  CHECK(gate_of(latest(world), GateKind::bytes_per_day) == nullptr);
}

}  // namespace homeostat::testing
