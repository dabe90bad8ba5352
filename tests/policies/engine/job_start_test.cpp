// SPDX-License-Identifier: Apache-2.0
// Kind job: what was ordered and is refused by whoever is to carry it out.
#include <catch2/catch.hpp>

#include "tests/policies/engine/jobs.hpp"

using namespace homeostat;
using namespace homeostat::testing;
using namespace std::chrono_literals;

namespace {

constexpr const char* kWhy = "node `worker-1`: max_replication_slots is 1";

/// Ordered at 03:00 on Sunday, and refused since the step after.
JobWorld refused_world(Policy policy = shard_balance()) {
  JobWorld world({std::move(policy)});
  world.once();
  REQUIRE(world.count(Step::started) == 1);
  world.snapshot.not_started[kRebalance] = {world.now, 1, kWhy};
  return world;
}

const JobStatus& status(const JobWorld& world) {
  const auto& verdict = latest(world);
  REQUIRE(verdict.job.has_value());
  return *verdict.job;
}

}  // namespace

TEST_CASE("job: what is ordered and refused is known, with since when, how often and why") {
  auto world = refused_world();
  CHECK_FALSE(status(world).not_started);
  const auto since = world.now;
  world.once();
  CHECK(status(world).not_started == NotStarted{since, 1, kWhy});
  CHECK(latest(world).step == Step::holding);
  CHECK(world.runs());  // it is wanted still: it is tried again
  world.snapshot.not_started[kRebalance].tries = 4;
  world.once();
  REQUIRE(status(world).not_started);
  CHECK(status(world).not_started->tries == 4);
  world.snapshot.not_started.clear();
  world.begins();
  world.once();
  CHECK_FALSE(status(world).not_started);
}

TEST_CASE("job: what ended before it had begun says so until the next part begins") {
  auto world = refused_world();
  while (world.runs()) world.once();
  CHECK(latest(world).step == Step::stopped);
  CHECK(status(world).stop == JobStop::time_budget);
  CHECK(status(world).not_started);
  world.snapshot.not_started.clear();  // it is wanted no more: nobody tries
  world.once();
  REQUIRE(latest(world).state == BreakerState::half_open);
  REQUIRE(status(world).not_started);
  CHECK(status(world).not_started->why == kWhy);
  world.until(kSunday + 27h);
  world.once();
  REQUIRE(world.count(Step::resumed) == 1);
  CHECK_FALSE(status(world).not_started);
}

TEST_CASE("job: a refusal of somebody else's order, and one in shadow, say nothing of it") {
  SECTION("idle") {
    JobWorld world({shard_balance()});
    world.imbalance = 0.1;
    world.snapshot.not_started[kRebalance] = {world.now, 1, kWhy};
    world.once();
    CHECK_FALSE(status(world).not_started);
  }
  SECTION("another target") {
    auto world = refused_world();
    world.snapshot.not_started = {{{"split", "cluster"}, {world.now, 1, kWhy}}};
    world.once();
    CHECK_FALSE(status(world).not_started);
  }
  SECTION("shadow") {
    auto policy = shard_balance();
    policy.mode = Mode::shadow;
    auto world = refused_world(policy);
    world.once();
    CHECK_FALSE(status(world).not_started);
  }
}

TEST_CASE("job: a run that failed, or that somebody stopped, says of what, as it was told") {
  auto world = refused_world();
  world.snapshot.not_started.clear();
  world.begins();
  world.once();
  CHECK(status(world).why.empty());
  SECTION("failed") {
    world.report(JobPhase::failed).why = "the disk of worker-2 is full";
    CHECK(world.once() == Step::failed);
    CHECK(status(world).why == "the disk of worker-2 is full");
    world.imbalance = 0.1;
    world.once();
    CHECK(status(world).why == "the disk of worker-2 is full");
  }
  SECTION("stopped") {
    world.report(JobPhase::stopped).why = "a change of a table waited for a move";
    CHECK(world.once() == Step::stopped);
    CHECK(status(world).why == "a change of a table waited for a move");
  }
  SECTION("by its own budget: that is no news") {
    world.report(JobPhase::running);
    while (world.runs()) world.once();
    world.report(JobPhase::stopped).why = "no policy wants it any more";
    world.once();
    CHECK(status(world).why.empty());
  }
}
