// SPDX-License-Identifier: Apache-2.0
// Kind job: what stands for `trigger` among the arguments of a run.
#include <catch2/catch.hpp>

#include "tests/policies/engine/jobs.hpp"

using namespace homeostat;
using namespace homeostat::testing;
using namespace std::chrono_literals;

namespace {

constexpr const char* kLoad = "citus_node_load_cv";

/// Balances by what tripped: rows, or load from 0.5 on. Looked at at any time.
Policy by_trigger() {
  auto policy = shard_balance();
  policy.job->windows.clear();
  policy.ladder[0].value.arguments["weight"] = std::string{"trigger"};
  auto load = imbalance_arm(0.5);
  load.signal = kLoad;
  policy.open.arms.push_back(load);
  return policy;
}

struct TriggerWorld : JobWorld {
  explicit TriggerWorld(Policy policy = by_trigger()) : JobWorld({std::move(policy)}) {
    auto& traits = set.levers["rebalance"];
    traits.by_trigger = {{kImbalance, "rows"}, {kLoad, "load"}};
    traits.by_several = "max";
    imbalance = 0.1;
    load(0.1);
  }
  void load(double value) { put(snapshot, gauge(kLoad, {}, value, now + 24h)); }
  /// What the lever is to be even by.
  std::string weight() const {
    const auto& wanted = last.desired.empty() ? last.would : last.desired;
    REQUIRE(wanted.size() == 1);
    return std::get<std::string>(wanted.front().value.arguments.at("weight"));
  }
};

}  // namespace

TEST_CASE("job: trigger is what tripped when it was started") {
  TriggerWorld world;
  SECTION("rows") {
    world.imbalance = 0.45;
    CHECK(world.once() == Step::started);
    CHECK(world.weight() == "rows");
  }
  SECTION("load") {
    world.load(0.6);
    CHECK(world.once() == Step::started);
    CHECK(world.weight() == "load");
    CHECK(latest(world).job->chosen == "load");
    CHECK(world.last.desired.front().value.arguments.at("deviation") == Argument{0.1});
  }
  SECTION("both") {
    world.imbalance = 0.45;
    world.load(0.6);
    CHECK(world.once() == Step::started);
    CHECK(world.weight() == "max");
  }
  SECTION("both, of a lever that has no word for that: the first") {
    world.set.levers["rebalance"].by_several.clear();
    world.imbalance = 0.45;
    world.load(0.6);
    CHECK(world.once() == Step::started);
    CHECK(world.weight() == "rows");
  }
  SECTION("in shadow as well") {
    world.set.policies[0].mode = Mode::shadow;
    world.load(0.6);
    CHECK(world.once() == Step::started);
    CHECK(world.weight() == "load");
  }
}

TEST_CASE("job: what was chosen stands for the whole run, whatever trips later") {
  TriggerWorld world;
  world.load(0.6);
  world.once();
  world.begins();
  world.load(0.1);
  world.imbalance = 0.9;
  world.pass(2min);
  CHECK(world.weight() == "load");
  SECTION("and for another leader") {
    world.state = resumed(world.set, memories(world.state), world.now);
    world.once();
    CHECK(world.weight() == "load");
  }
  SECTION("and when it goes on after it was stopped") {
    world.report(JobPhase::stopped);
    CHECK(world.once() == Step::stopped);
    CHECK(latest(world).job->chosen == "load");
    world.until(kSunday + 27h + 1min);
    REQUIRE(world.runs());
    CHECK(world.weight() == "load");
  }
  SECTION("and not for the next run") {
    world.report(JobPhase::finished);
    CHECK(world.once() == Step::finished);
    CHECK(latest(world).job->chosen.empty());
    CHECK(world.once() == Step::started);
    CHECK(world.weight() == "rows");
  }
}

TEST_CASE(
    "job: where nothing tells, trigger is left to the lever, and other words are left alone") {
  auto policy = by_trigger();
  SECTION("nothing has tripped") {
    policy.open.arms.clear();
    TriggerWorld world(policy);
    CHECK(world.once() == Step::started);
    CHECK(world.weight() == "trigger");
  }
  SECTION("the lever knows nothing of the signal") {
    TriggerWorld world(policy);
    world.set.levers["rebalance"].by_trigger.clear();
    world.load(0.6);
    CHECK(world.once() == Step::started);
    CHECK(world.weight() == "trigger");
  }
  SECTION("the policy says it itself") {
    policy.ladder[0].value.arguments["weight"] = std::string{"bytes"};
    TriggerWorld world(policy);
    world.load(0.6);
    CHECK(world.once() == Step::started);
    CHECK(world.weight() == "bytes");
    CHECK(latest(world).job->chosen.empty());
  }
}
