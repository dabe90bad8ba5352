// SPDX-License-Identifier: Apache-2.0
// Jobs that start only when a person has said yes.
#include <catch2/catch.hpp>

#include "policies/engine/state.hpp"
#include "tests/policies/engine/jobs.hpp"

namespace homeostat::testing {
namespace {

using namespace std::chrono_literals;

Policy approved_one() {
  auto policy = shard_balance();
  policy.job->windows.clear();
  policy.job->needs_approval = true;
  return policy;
}

void approve(World& world, TimePoint at) {
  world.snapshot.acks = {{policy_scope(kShardBalance), at}};
}

bool waits(const World& world) { return latest(world).job->waits_for_approval; }

/// A run from its start to its end.
void run_through(JobWorld& world) {
  REQUIRE(world.once() == Step::started);
  world.begins();
  world.report(JobPhase::finished);
  REQUIRE(world.once() == Step::finished);
}

}  // namespace

TEST_CASE("job: where approval is required, each run waits for one of its own") {
  JobWorld world({approved_one()});
  CHECK(world.once() == Step::blocked);
  CHECK(said_no(world, GateKind::approval));
  CHECK(waits(world));
  world.snapshot.acks = {{policy_scope("another"), world.now},
                         {std::string(kClusterScope), world.now}};
  CHECK(world.once() == Step::blocked);
  approve(world, world.now);
  run_through(world);
  CHECK_FALSE(waits(world));
  CHECK(world.once() == Step::blocked);
  CHECK(waits(world));
  approve(world, world.now);
  run_through(world);
}

TEST_CASE("job: what waits for more than approval is not said to wait for that") {
  JobWorld world({approved_one()});
  CHECK(world.once() == Step::blocked);
  CHECK(waits(world));
  SECTION("a bar") { world.snapshot.bar = ForwardBar::not_leader; }
  SECTION("a pause") { world.snapshot.paused = {kShardBalance}; }
  SECTION("another job on the target") { world.report(JobPhase::running); }
  SECTION("no time of day") { world.clock = false; }
  CHECK(world.once() == Step::blocked);
  CHECK(said_no(world, GateKind::approval));
  CHECK_FALSE(waits(world));
}

TEST_CASE("job: it may be approved before its time has come") {
  auto policy = shard_balance();
  policy.job->needs_approval = true;
  JobWorld world({policy}, kSunday);
  CHECK(world.once() == Step::idle);
  CHECK_FALSE(waits(world));
  approve(world, world.now);
  world.until(kSunday + 3h);
  CHECK(world.count(Step::blocked) == 0);
  CHECK(world.once() == Step::started);
}

TEST_CASE("job: the yes to one text of a policy is none to another") {
  auto policy = approved_one();
  JobWorld world({policy});
  CHECK(world.once() == Step::blocked);
  SECTION("that was used") {
    approve(world, world.now);
    run_through(world);
  }
  SECTION("that was not") {
    world.snapshot.bar = ForwardBar::paused;
    approve(world, world.now);
    CHECK(world.once() == Step::blocked);
    world.snapshot.bar = ForwardBar::none;
  }
  world.set.policies[0].hash = "changed";
  world.state = carried_over(world.set, std::move(world.state), world.now);
  CHECK(world.once() == Step::blocked);
  CHECK(waits(world));
  approve(world, world.now);
  CHECK(world.once() == Step::started);
}

TEST_CASE("job: an approval survives a restart, and one that was used is not used again") {
  JobWorld world({approved_one()});
  CHECK(world.once() == Step::blocked);
  approve(world, world.now - 2s);  // two seconds before it starts
  SECTION("not used yet") {
    world.state = resumed(world.set, memories(world.state), world.now);
    CHECK(world.once() == Step::started);
  }
  SECTION("used, and the ages read anew a little off") {
    run_through(world);
    auto kept = memories(world.state);
    auto& job = *kept.at(0).job;
    for (auto* time : {&*job.started, &*job.ended, &*job.approvals_from}) *time -= 4s;
    world.state = resumed(world.set, kept, world.now);
    CHECK(world.once() == Step::blocked);
    CHECK(waits(world));
  }
}

}  // namespace homeostat::testing
