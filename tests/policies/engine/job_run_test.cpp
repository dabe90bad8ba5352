// SPDX-License-Identifier: Apache-2.0
// Kind job: what becomes of a run that was started.
#include <catch2/catch.hpp>

#include "tests/policies/engine/jobs.hpp"

using namespace homeostat;
using namespace homeostat::testing;
using namespace std::chrono_literals;

namespace {

/// Started at 03:00 on Sunday, and reported to run.
JobWorld running(Policy policy = shard_balance()) {
  JobWorld world({std::move(policy)});
  world.once();
  world.begins();
  return world;
}

/// Until its time is used up, and it is reported to stand still.
void stopped_by_its_budget(JobWorld& world) {
  while (world.runs()) world.once();
  REQUIRE(latest(world).step == Step::stopped);
  world.report(JobPhase::stopped);
}

/// The verdict of the newest step that was `wanted`.
const Verdict& last_of(const World& world, Step wanted) {
  const Verdict* found = nullptr;
  for (const auto& verdict : world.verdicts) {
    if (verdict.step == wanted) found = &verdict;
  }
  REQUIRE(found != nullptr);
  return *found;
}

/// As another instance finds it in the ledger.
void restart(JobWorld& world) {
  world.state = resumed(world.set, memories(world.state), world.now);
}

}  // namespace

TEST_CASE("job: runs until it is reported finished, and its lever is given back") {
  auto world = running();
  auto& progress = world.report(JobPhase::running);
  progress.bytes_done = 5e9;
  progress.left = 4min;
  world.pass(2min);
  CHECK(world.runs());
  CHECK(latest(world).step == Step::holding);
  REQUIRE(latest(world).job.has_value());
  CHECK(latest(world).job->bytes_done == 5e9);
  CHECK(latest(world).job->left == Duration{4min});
  CHECK(latest(world).job->ran == Duration{2min});
  world.report(JobPhase::finished).bytes_done = 9e9;
  CHECK(world.once() == Step::finished);
  CHECK_FALSE(world.runs());
  CHECK(latest(world).state == BreakerState::closed);
  CHECK(latest(world).job->bytes_done == 9e9);
  CHECK_FALSE(latest(world).job->ran);
}

TEST_CASE("job: while nothing is reported of it, it stands and its budget counts from its start") {
  JobWorld world({shard_balance()});
  world.once();
  world.pass(9min + 30s);
  CHECK(latest(world).step == Step::holding);
  CHECK(passed(world, GateKind::time_budget));
  CHECK(world.once() == Step::stopped);
  CHECK(latest(world).job->stop == JobStop::time_budget);
  CHECK_FALSE(world.runs());
}

TEST_CASE("job: the time of its budget counts from when it really began") {
  JobWorld world({shard_balance()});
  world.once();
  world.pass(5min);
  world.begins();
  world.pass(10min);
  CHECK(latest(world).step == Step::holding);
  CHECK(world.once() == Step::stopped);
}

TEST_CASE("job: bytes and the deadline stop it, too") {
  auto policy = shard_balance();
  policy.job->budget = {};
  SECTION("bytes") {
    policy.job->budget.bytes = 10e9;
    auto world = running(policy);
    world.report(JobPhase::running).bytes_done = 9.9e9;
    CHECK(world.once() == Step::holding);
    world.report(JobPhase::running).bytes_done = 10e9;
    CHECK(world.once() == Step::stopped);
    CHECK(latest(world).job->stop == JobStop::byte_budget);
    CHECK(said_no(world, GateKind::byte_budget));
  }
  SECTION("the deadline, from its start") {
    policy.job->deadline = 20min;
    JobWorld world({policy});
    world.once();
    world.pass(15min);
    world.begins();
    world.pass(4min + 30s);
    CHECK(latest(world).step == Step::holding);
    CHECK(world.once() == Step::stopped);
    CHECK(latest(world).job->stop == JobStop::deadline);
  }
}

TEST_CASE("job: a stopped run goes on in a later window, not in the one that it was stopped in") {
  auto policy = shard_balance();
  policy.job->cooldown = 48h;
  policy.job->at_most_every = 7 * 24h;
  policy.job->needs_approval = true;
  JobWorld world({policy});
  CHECK(world.once() == Step::blocked);
  world.snapshot.acks = {{policy_scope(kShardBalance), world.now}};
  world.once();
  world.begins().bytes_done = 3e9;
  world.pass(10min + 30s);
  REQUIRE(world.count(Step::stopped) == 1);
  CHECK(latest(world).state == BreakerState::half_open);
  world.report(JobPhase::stopped);
  world.imbalance = 0.1;  // when started it was asked
  world.until(kSunday + 27h);
  CHECK(world.count(Step::resumed) == 0);
  CHECK(latest(world).step == Step::holding);
  CHECK(said_no(world, GateKind::resume_window));
  CHECK(world.once() == Step::resumed);
  CHECK(world.runs());
  CHECK(world.state.cluster_acts.size() == 1);
  world.begins().bytes_done = 4e9;
  world.pass(1min);
  CHECK(latest(world).job->bytes_done == 7e9);
  CHECK(latest(world).job->stop == JobStop::none);
  world.report(JobPhase::finished);
  CHECK(world.once() == Step::finished);
  CHECK(latest(world).job->bytes_done == 7e9);
  CHECK(world.count(Step::started) == 1);
}

TEST_CASE("job: what was stopped does not go on while it is still reported to run") {
  auto world = running();
  stopped_by_its_budget(world);
  world.report(JobPhase::running);
  world.until(kSunday + 27h);
  CHECK(world.once() == Step::blocked);
  CHECK(said_no(world, GateKind::one_at_a_time));
}

TEST_CASE("job: each part has the whole budget") {
  auto world = running();
  stopped_by_its_budget(world);
  world.until(kSunday + 27h);
  world.once();
  world.begins();
  world.pass(9min + 30s);
  CHECK(latest(world).step == Step::holding);
  CHECK(world.count(Step::stopped) == 1);
  world.pass(1min);
  CHECK(world.count(Step::stopped) == 2);
}

TEST_CASE("job: a pause holds what would go on, and so does a clock that is gone") {
  auto world = running();
  stopped_by_its_budget(world);
  world.until(kSunday + 27h);
  world.snapshot.paused = {kShardBalance};
  CHECK(world.once() == Step::blocked);
  CHECK(said_no(world, GateKind::bar));
  world.snapshot.paused.clear();
  world.clock = false;
  CHECK(world.once() == Step::holding);
  world.clock = true;
  CHECK(world.once() == Step::resumed);
}

TEST_CASE("job: what is stopped takes no other subject's turn") {
  auto policy = shard_balance();
  policy.subjects = {node("a"), node("b")};
  JobWorld world({policy});
  for (int i = 0; i < 25; ++i) {
    for (const auto& subject : policy.subjects) {
      put(world.snapshot, gauge(kImbalance, subject, 0.9, world.now));
    }
    world.once();
  }
  CHECK(world.memory(kShardBalance, node("a")).state == BreakerState::half_open);
  CHECK(world.memory(kShardBalance, node("b")).state == BreakerState::open);
}

TEST_CASE("job: without windows to go on in, a run that is stopped is over") {
  auto policy = shard_balance();
  policy.job->resume.clear();
  policy.job->cooldown = 1h;
  auto world = running(policy);
  world.pass(11min);
  CHECK(world.count(Step::stopped) == 1);
  CHECK(latest(world).state == BreakerState::closed);
  CHECK(latest(world).step == Step::idle);
  CHECK(said_no(world, GateKind::cooldown));
  CHECK_FALSE(latest(world).job->failed);
}

TEST_CASE("job: whom somebody else has stopped waits for its next window") {
  auto world = running();
  world.report(JobPhase::stopped);
  CHECK(world.once() == Step::stopped);
  CHECK(latest(world).job->stop == JobStop::outside);
  CHECK(latest(world).state == BreakerState::half_open);
}

TEST_CASE("job: what failed is over, is told, and waits for its cooldown") {
  auto policy = shard_balance();
  policy.job->cooldown = 1h;
  policy.alert = AlertSpec{};
  auto world = running(policy);
  world.report(JobPhase::failed).bytes_done = 1e9;
  CHECK(world.once() == Step::failed);
  CHECK(latest(world).state == BreakerState::closed);
  CHECK(latest(world).job->failed);
  CHECK_FALSE(world.runs());
  world.imbalance = 0.1;
  world.pass(5min);
  CHECK(world.last.alerts.size() == 1);
  world.imbalance = 0.45;
  world.pass(1h);
  CHECK(world.count(Step::started) == 2);
  world.begins();
  world.report(JobPhase::finished);
  world.imbalance = 0.1;
  world.pass(1min);
  CHECK(world.last.alerts.empty());
}

TEST_CASE("job: the report of an earlier job is not taken for this one's") {
  JobWorld world({shard_balance()});
  world.begins();
  world.report(JobPhase::finished);
  world.now += 1min;
  CHECK(world.once() == Step::started);
  CHECK(world.once() == Step::holding);
  world.begins();
  world.report(JobPhase::finished);
  CHECK(world.once() == Step::finished);
}

TEST_CASE("job: done before it heard that it was to stop, it is finished") {
  auto world = running();
  world.report(JobPhase::running).bytes_done = 3e9;
  world.pass(10min + 30s);
  REQUIRE(world.count(Step::stopped) == 1);
  world.report(JobPhase::finished);
  CHECK(world.once() == Step::finished);
  CHECK(latest(world).job->bytes_done == 3e9);
}

TEST_CASE("job: a blocker that opens stops it, one that is only unknown does not") {
  auto policy = shard_balance();
  policy.blocked_while = {"a-storm"};
  JobWorld world({quick_breaker("a-storm"), policy});
  world.put_gauge(0);
  world.once();
  world.put_gauge(0);
  world.once();
  REQUIRE(world.runs());
  world.begins();
  for (int i = 0; i < 4; ++i) {
    world.put_absent(kGauge);
    world.once();
  }
  CHECK(world.runs());
  world.put_gauge(1);
  world.once();
  CHECK(latest(world).step == Step::stopped);
  CHECK(latest(world).job->stop == JobStop::blocked);
  CHECK(said_no(world, GateKind::blocked_while));
}

TEST_CASE("job: a pause and a bar keep it running") {
  auto world = running();
  world.snapshot.paused = {kShardBalance};
  world.snapshot.bar = ForwardBar::not_leader;
  world.pass(5min);
  CHECK(world.runs());
}

TEST_CASE("job: its condition may end while it runs, or become unknown") {
  auto world = running();
  world.imbalance = 0.05;
  world.pass(2min);
  CHECK(world.runs());
  world.imbalance.reset();
  world.pass(2min);
  CHECK(world.runs());
}

TEST_CASE("job: while it runs, others that are blocked_while wait") {
  auto breaker = quick_breaker();
  breaker.blocked_while = {kShardBalance};
  JobWorld world({shard_balance(), breaker});
  std::swap(world.set.policies[0], world.set.policies[1]);
  world.put_gauge(0);
  world.once();
  world.begins();
  world.put_gauge(1);
  world.once();
  CHECK(world.memory("quick").state == BreakerState::closed);
  world.report(JobPhase::finished);
  world.put_gauge(1);
  world.once();
  world.put_gauge(1);
  world.once();
  CHECK(world.memory("quick").state == BreakerState::open);
}

TEST_CASE("job: it is followed at each fold while it runs, at each `every` while it is stopped") {
  auto world = running();
  world.imbalance = 0.1;
  world.step = seconds(5);
  auto before = world.verdicts.size();
  world.pass(1min);
  CHECK(world.verdicts.size() - before == 12);
  world.pass(10min);
  REQUIRE(world.count(Step::stopped) == 1);
  before = world.verdicts.size();
  world.pass(1min);
  CHECK(world.verdicts.size() - before == 2);
}

TEST_CASE("job: a restart goes on with what ran, and remembers when it did") {
  auto policy = shard_balance();
  policy.job->cooldown = 24h;
  auto world = running(policy);
  world.pass(5min);
  restart(world);
  CHECK(world.once() == Step::holding);
  CHECK(world.runs());
  CHECK(world.state.cluster_acts.size() == 1);
  stopped_by_its_budget(world);
  restart(world);
  world.until(kSunday + 27h);
  CHECK(world.once() == Step::resumed);
  world.begins();
  world.report(JobPhase::finished);
  CHECK(world.once() == Step::finished);
  restart(world);
  world.until(kSunday + 2 * 24h);
  CHECK(world.count(Step::started) == 1);
  CHECK(said_no(world, GateKind::cooldown));
}

TEST_CASE("job: an exit that gives the lever back stops it, and it goes on after the restart") {
  auto policy = shard_balance();
  policy.job->cooldown = 24h;
  auto world = running(policy);
  world.pass(5min);
  world.state = resumed(world.set, lasting_memories(world.state, world.now), world.now);
  world.report(JobPhase::stopped);
  CHECK(world.once() == Step::holding);
  CHECK_FALSE(world.runs());
  CHECK(latest(world).job->stop == JobStop::outside);
  world.until(kSunday + 27h);
  CHECK(world.once() == Step::resumed);
  world.begins();
  world.report(JobPhase::finished);
  CHECK(world.once() == Step::finished);
  world.state = resumed(world.set, lasting_memories(world.state, world.now), world.now);
  CHECK(world.once() == Step::idle);
  CHECK(world.memory(kShardBalance).job->ended.has_value());
}

TEST_CASE("job: an exit inside a window to go on in is no reason to go on in that one") {
  auto policy = shard_balance();
  policy.job->budget.time = 2h;
  policy.job->windows = {daily(2 * 60, 7 * 60)};
  JobWorld world({policy}, kSunday + 2h + 50min);
  REQUIRE(world.once() == Step::started);
  world.begins();
  world.until(kSunday + 3h + 10min);
  world.state = resumed(world.set, lasting_memories(world.state, world.now), world.now);
  world.report(JobPhase::stopped);
  world.until(kSunday + 4h);
  CHECK(world.count(Step::resumed) == 0);
  world.until(kSunday + 27h + 1min);
  CHECK(world.count(Step::resumed) == 1);
}

TEST_CASE("job: what somebody else runs after the stop is not taken for it") {
  auto policy = shard_balance();
  auto world = running(policy);
  world.pass(11min);
  REQUIRE(latest(world).step != Step::idle);
  REQUIRE(world.memory(kShardBalance).state == BreakerState::half_open);
  world.begins().bytes_done = 5e9;  // a person's
  world.once();
  world.report(JobPhase::finished);
  world.once();
  CHECK(world.memory(kShardBalance).state == BreakerState::half_open);
  CHECK(world.count(Step::finished) == 0);
}

TEST_CASE("job: without windows to go on in, what an exit stopped is over") {
  auto policy = shard_balance();
  policy.job->resume.clear();
  policy.job->cooldown = 24h;
  auto world = running(policy);
  world.state = resumed(world.set, lasting_memories(world.state, world.now), world.now);
  world.report(JobPhase::stopped);
  CHECK(world.once() == Step::stopped);
  CHECK(world.once() == Step::idle);
}

TEST_CASE("job: another text of the policy starts anew, the same one goes on over a reload") {
  auto world = running();
  world.state = carried_over(world.set, world.state, world.now);
  CHECK(world.once() == Step::holding);
  world.set.policies[0].hash = "other";
  world.imbalance = 0.1;
  CHECK(world.once() == Step::idle);
  CHECK_FALSE(world.runs());
}

TEST_CASE("job: what it promised is judged from its end on, by what stood before its start") {
  auto policy = shard_balance();
  policy.expect = Expectation{kImbalance, ExpectedMove::below, 0.1, 15min};
  auto world = running(policy);
  stopped_by_its_budget(world);
  world.until(kSunday + 27h);
  CHECK(world.effects.empty());
  world.imbalance = 0.3;
  CHECK(world.once() == Step::resumed);
  world.begins();
  world.imbalance = 0.05;
  world.report(JobPhase::finished);
  CHECK(world.once() == Step::finished);
  world.pass(16min);
  REQUIRE(world.effects.size() == 1);
  CHECK(world.effects[0].outcome == EffectOutcome::effective);
  CHECK(world.effects[0].before == 0.45);
  CHECK(world.effects[0].acted == last_of(world, Step::finished).at);
}

TEST_CASE("job: one that did not help is benched, half a one is not judged") {
  auto policy = shard_balance();
  policy.expect = Expectation{kImbalance, ExpectedMove::below, 0.1, 5min};
  SECTION("finished, and nothing is better") {
    auto world = running(policy);
    world.report(JobPhase::finished);
    CHECK(world.once() == Step::finished);
    world.report(JobPhase::failed);
    world.pass(1min);  // it starts again: the newer promise replaces the one that is open
    CHECK(world.count(Step::started) == 2);
    world.set.policies[0].job->cooldown = 10min;
    world.begins();
    world.report(JobPhase::finished);
    world.pass(12min);
    REQUIRE(world.effects.size() == 1);
    CHECK(world.effects[0].outcome == EffectOutcome::ineffective);
    CHECK(latest(world).step == Step::blocked);
    CHECK(said_no(world, GateKind::benched));
  }
  SECTION("failed") {
    auto world = running(policy);
    world.report(JobPhase::failed);
    world.set.policies[0].job->cooldown = 1h;
    world.pass(20min);
    CHECK(world.effects.empty());
    CHECK(world.state.policies.at({kShardBalance, {}}).pending.empty());
    CHECK(world.memory(kShardBalance).benched.empty());
  }
}
