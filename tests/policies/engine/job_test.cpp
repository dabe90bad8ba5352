// SPDX-License-Identifier: Apache-2.0
// Kind job: what starts a run, and what keeps it from starting.
#include "policies/engine/job.hpp"

#include <catch2/catch.hpp>

#include "tests/policies/engine/jobs.hpp"

using namespace homeostat;
using namespace homeostat::testing;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

Policy at_any_time() {
  auto policy = shard_balance();
  policy.job->windows.clear();
  policy.job->resume.clear();
  policy.every = seconds(30);
  return policy;
}

/// A breaker about the gauge, which is nobody else's business here.
Policy storm_breaker() {
  auto policy = quick_breaker("storm");
  policy.open.arms[0].clear_for = seconds(60);
  return policy;
}

}  // namespace

TEST_CASE("job: starts inside its windows while its condition holds") {
  JobWorld world({shard_balance()});
  CHECK(world.once() == Step::started);
  REQUIRE(world.last.desired.size() == 1);
  const auto& lever = world.last.desired.front();
  CHECK(lever.key == kRebalance);
  CHECK(lever.value.arguments.at("deviation") == Argument{0.1});
  CHECK(lever.ttl == 2min);
  CHECK(lever.policy == "shard-balance");
  CHECK(lever.policy_hash == "c0ffee");
  CHECK_THAT(lever.reason, Contains("shard-balance started: citus_node_cv 0.45 > 0.4"));
  CHECK(latest(world).state == BreakerState::open);
  CHECK(latest(world).took == 1);
  CHECK(passed(world, GateKind::start_window));
  CHECK(world.once() == Step::holding);
  CHECK(world.runs());
}

TEST_CASE("job: outside its windows it is idle, and the gate says so") {
  JobWorld world({shard_balance()}, kSunday + 2h + 58min);
  CHECK(world.once() == Step::idle);
  CHECK(said_no(world, GateKind::start_window));
  world.pass(90s);
  CHECK(latest(world).step == Step::idle);
  CHECK(world.once() == Step::started);

  JobWorld monday({shard_balance()}, kSunday + 27h);
  CHECK(monday.once() == Step::idle);
}

TEST_CASE("job: idle while its condition does not hold") {
  JobWorld world({shard_balance()});
  world.imbalance = 0.39;
  CHECK(world.once() == Step::idle);
  CHECK(passed(world, GateKind::start_window));
  CHECK_FALSE(world.runs());
}

TEST_CASE("job: what is unknown starts nothing") {
  JobWorld world({shard_balance()});
  world.imbalance.reset();
  CHECK(world.once() == Step::unknown);
  CHECK_FALSE(world.runs());

  auto early = shard_balance();
  early.open.arms.push_back(imbalance_arm(0.5, true));
  JobWorld outside({early}, kSunday);
  outside.imbalance.reset();
  CHECK(outside.once() == Step::unknown);
}

TEST_CASE("job: without a condition it starts when its window comes, once") {
  auto policy = shard_balance();
  policy.open.arms.clear();
  policy.job->at_most_every = 24h;
  JobWorld world({policy}, kSunday + 2h + 59min);
  CHECK(world.once() == Step::idle);
  CHECK(world.once() == Step::idle);
  CHECK(world.once() == Step::started);
  world.begins();
  world.once();
  world.report(JobPhase::finished);
  CHECK(world.once() == Step::finished);
  world.until(kSunday + 8h);
  CHECK(world.count(Step::started) == 1);
}

TEST_CASE("job: early starts outside the windows, and before at_most_every") {
  auto policy = shard_balance();
  policy.open.arms.push_back(imbalance_arm(0.5, true));
  policy.job->at_most_every = 7 * 24h;
  JobWorld world({policy}, kSunday + 12h);
  world.imbalance = 0.45;
  CHECK(world.once() == Step::idle);
  world.imbalance = 0.55;
  CHECK(world.once() == Step::started);
  CHECK_THAT(world.last.desired.at(0).reason, Contains("started early"));
  world.begins();
  world.report(JobPhase::finished);
  CHECK(world.once() == Step::finished);
  CHECK(world.once() == Step::started);
  CHECK(said_no(world, GateKind::at_most_every));
}

TEST_CASE("job: early in its windows is as good, while `when` does not hold") {
  auto policy = shard_balance();
  policy.open.arms[0] = imbalance_arm(0.6);
  policy.open.arms.push_back(imbalance_arm(0.3, true));
  JobWorld world({policy});
  CHECK(world.once() == Step::started);
}

TEST_CASE("job: the conditions of when and of early combine each for themselves") {
  auto policy = shard_balance();
  policy.open.combination = Combination::all;
  policy.open.arms = {imbalance_arm(0.4), imbalance_arm(0.42), imbalance_arm(0.3, true),
                      imbalance_arm(0.9, true)};
  SECTION("all of when, any of early") {
    JobWorld outside({policy}, kSunday);
    CHECK(outside.once() == Step::started);
  }
  SECTION("all of early") {
    policy.job->early_needs_all = true;
    JobWorld outside({policy}, kSunday);
    CHECK(outside.once() == Step::idle);
    JobWorld inside({policy});
    CHECK(inside.once() == Step::started);
  }
  SECTION("one of when is not enough") {
    policy.job->early_needs_all = true;
    JobWorld inside({policy});
    inside.imbalance = 0.41;
    CHECK(inside.once() == Step::idle);
  }
}

TEST_CASE("job: without the time of day nothing starts, windows or not") {
  JobWorld world({shard_balance()});
  world.clock = false;
  CHECK(world.once() == Step::idle);
  CHECK(said_no(world, GateKind::wall_clock));

  JobWorld any({at_any_time()});
  any.clock = false;
  CHECK(any.once() == Step::blocked);
  CHECK(said_no(any, GateKind::wall_clock));
  any.clock = true;
  CHECK(any.once() == Step::started);
}

TEST_CASE("job: at_most_every counts from the last start") {
  auto policy = at_any_time();
  policy.job->at_most_every = 1h;
  JobWorld world({policy});
  world.once();
  world.begins();
  world.pass(5min);
  world.report(JobPhase::finished);
  CHECK(world.once() == Step::finished);
  CHECK(world.once() == Step::idle);
  CHECK(said_no(world, GateKind::at_most_every));
  const auto started = *world.memory("shard-balance").job->started;
  world.pass(1h);
  CHECK(world.count(Step::started) == 2);
  CHECK(*world.memory("shard-balance").job->started - started == 1h);
}

TEST_CASE("job: the cooldown counts from the end, and early waits for it, too") {
  auto policy = at_any_time();
  policy.open.arms.push_back(imbalance_arm(0.4, true));
  policy.job->cooldown = 1h;
  JobWorld world({policy});
  world.once();
  world.begins();
  world.pass(5min);
  world.report(JobPhase::finished);
  world.once();
  const auto ended = *world.memory("shard-balance").job->ended;
  CHECK(world.once() == Step::idle);
  CHECK(said_no(world, GateKind::cooldown));
  world.pass(1h);
  CHECK(*world.memory("shard-balance").job->started - ended == 1h);
}

TEST_CASE("job: whatever bars forward acts bars a start, and its own pause does (S6)") {
  JobWorld world({at_any_time()});
  for (const auto bar : kForwardBars) {
    if (bar == ForwardBar::none) continue;
    world.snapshot.bar = bar;
    CHECK(world.once() == Step::blocked);
    CHECK(said_no(world, GateKind::bar));
  }
  world.snapshot.bar = ForwardBar::none;
  world.snapshot.paused = {"shard-balance"};
  CHECK(world.once() == Step::blocked);
  world.snapshot.paused.clear();
  CHECK(world.once() == Step::started);
}

TEST_CASE("job: waits while a policy of blocked_while is open or unknown (H27)") {
  auto policy = at_any_time();
  policy.blocked_while = {"storm"};
  JobWorld world({policy, storm_breaker()});
  world.put_absent(kGauge);
  world.once();
  CHECK(world.memory("shard-balance").state == BreakerState::closed);
  // Policies are evaluated in order of name: what the breaker found is seen at the next step.
  world.put_gauge(1);
  world.once();
  world.put_gauge(1);
  world.once();
  CHECK(world.memory("storm").state == BreakerState::open);
  CHECK(world.memory("shard-balance").state == BreakerState::closed);
  for (int i = 0; i < 8; ++i) {
    world.put_gauge(0);
    world.once();
  }
  CHECK(world.memory("storm").state == BreakerState::closed);
  CHECK(world.memory("shard-balance").state == BreakerState::open);
}

TEST_CASE("job: an arm with max_rung blocks nobody") {
  auto policy = at_any_time();
  policy.blocked_while = {"storm"};
  auto breaker = storm_breaker();
  breaker.open.arms[0].max_rung = 1;
  JobWorld world({breaker, policy});
  world.put_gauge(1);
  world.once();
  world.put_gauge(1);
  world.once();
  CHECK(world.memory("storm").state == BreakerState::open);
  CHECK(world.memory("shard-balance").state == BreakerState::open);
}

TEST_CASE("job: one at a time on a target, whoever runs it") {
  auto other = at_any_time();
  other.name = "zz-other";
  SECTION("another policy") {
    JobWorld world({at_any_time(), other});
    world.once();
    CHECK(world.memory("shard-balance").state == BreakerState::open);
    CHECK(world.memory("zz-other").state == BreakerState::closed);
    CHECK(said_no(world, GateKind::one_at_a_time));
    world.begins();
    world.report(JobPhase::finished);
    world.once();
    CHECK(world.memory("zz-other").state == BreakerState::open);
  }
  SECTION("on another target nothing is in the way") {
    other.ladder[0].target = "group/1";
    JobWorld world({at_any_time(), other});
    world.once();
    CHECK(world.memory("zz-other").state == BreakerState::open);
  }
  SECTION("somebody outside") {
    JobWorld world({at_any_time()});
    world.begins();
    CHECK(world.once() == Step::blocked);
    CHECK(said_no(world, GateKind::one_at_a_time));
    world.report(JobPhase::finished);
    CHECK(world.once() == Step::started);
  }
  SECTION("what shadow would run is in nobody's way") {
    other.name = "a-shadow";
    other.mode = Mode::shadow;
    JobWorld world({other, at_any_time()});
    world.once();
    CHECK(world.memory("a-shadow").state == BreakerState::open);
    CHECK(world.memory("shard-balance").state == BreakerState::open);
  }
}

TEST_CASE("job: a start counts as a forward act, and waits for the budget (S6)") {
  auto policy = at_any_time();
  policy.limits.per_hour = 2;
  JobWorld world({policy});
  for (int run = 0; run < 2; ++run) {
    CHECK(world.once() == Step::started);
    world.begins();
    world.report(JobPhase::finished);
    CHECK(world.once() == Step::finished);
  }
  CHECK(world.state.cluster_acts.size() == 2);
  CHECK(world.once() == Step::blocked);
  CHECK(said_no(world, GateKind::policy_budget));
  world.pass(1h);
  CHECK(world.count(Step::started) == 3);
}

TEST_CASE("job: most subjects unknown hold a start of any") {
  auto policy = at_any_time();
  policy.subjects = {node("a"), node("b"), node("c"), node("d")};
  JobWorld world({policy});
  put(world.snapshot, gauge(kImbalance, node("a"), 0.9, world.now));
  world.once();
  for (const auto& verdict : world.last.verdicts) {
    CHECK(verdict.step == (verdict.subject == node("a") ? Step::blocked : Step::unknown));
  }
  CHECK_FALSE(gate_of(world.last.verdicts.front(), GateKind::known_subjects)->passed);
}

TEST_CASE("job: at most as many subjects at once as its limits say") {
  auto policy = at_any_time();
  policy.subjects = {node("a"), node("b")};
  JobWorld world({policy});
  const auto load = [&world] {
    put(world.snapshot, gauge(kImbalance, node("a"), 0.9, world.now));
    put(world.snapshot, gauge(kImbalance, node("b"), 0.9, world.now));
  };
  load();
  world.once();
  CHECK(world.memory("shard-balance", node("a")).state == BreakerState::open);
  CHECK(world.memory("shard-balance", node("b")).state == BreakerState::closed);
  CHECK(said_no(world, GateKind::open_subjects));
}

TEST_CASE("job: shadow would start, is taken to last as long as its budget, and touches nothing") {
  auto policy = shard_balance();
  policy.mode = Mode::shadow;
  policy.job->cooldown = 1h;
  JobWorld world({policy});
  world.report(JobPhase::failed);  // what happens outside is not its own doing
  CHECK(world.once() == Step::started);
  CHECK(world.last.desired.empty());
  REQUIRE(world.last.would.size() == 1);
  world.pass(9min);
  CHECK(latest(world).step == Step::holding);
  world.pass(1min);
  CHECK(world.count(Step::finished) == 1);
  CHECK(world.last.would.empty());
  CHECK(memories(world.state).empty());
  world.set.policies[0].mode = Mode::enforce;
  CHECK(world.once() == Step::started);
}

TEST_CASE("job: off is not evaluated, and one without its rule does nothing") {
  auto policy = shard_balance();
  policy.mode = Mode::off;
  JobWorld world({policy});
  world.pass(1min);
  CHECK(world.verdicts.empty());
  policy.mode = Mode::enforce;
  policy.job.reset();
  JobWorld empty({policy});
  empty.pass(1min);
  CHECK(empty.verdicts.empty());
}
