// SPDX-License-Identifier: Apache-2.0
// What a rebalance forbids others to do while it runs, driven through decide().
#include "policies/engine/interlocks.hpp"

#include <catch2/catch.hpp>

#include "tests/policies/engine/jobs.hpp"

using namespace homeostat;
using namespace homeostat::testing;
using namespace std::chrono_literals;

namespace {

constexpr const char* kBreaker = "a-breaker";

Policy planner() {
  auto policy = quick_breaker("planner");
  policy.ladder[0].lever = "planner_profile";
  policy.ladder[0].target = "profile/contention";
  policy.ladder[0].value.arguments = {{"reporting/jit", std::string("off")}};
  return policy;
}

/// Opens when it has seen an imbalance above 0.3 twice.
Policy imbalance_breaker() {
  auto policy = quick_breaker(kBreaker);
  policy.open.arms = {level_arm(0.3, 0.25, 2)};
  policy.open.arms[0].signal = kImbalance;
  policy.open.arms[0].clear_for = seconds(30);
  return policy;
}

class Interlocked : public JobWorld {
 public:
  explicit Interlocked(std::vector<Policy> policies) : JobWorld(std::move(policies)) {
    set.levers["planner_profile"].settles_last = true;
    put_gauge(0);
  }
  /// A step with this much trouble of the kind that `planner` opens about.
  void trouble(double gauge) {
    put_gauge(gauge);
    once();
  }
  const Verdict& last_verdict(const std::string& policy) const {
    const Verdict* found = nullptr;
    for (const auto& verdict : last.verdicts) {
      if (verdict.policy == policy) found = &verdict;
    }
    REQUIRE(found != nullptr);
    return *found;
  }
  bool holds() const { return held_levers(set, snapshot, state).contains("planner_profile"); }
};

bool refused(const Verdict& verdict) {
  const auto* const gate = gate_of(verdict, GateKind::one_at_a_time);
  return gate != nullptr && !gate->passed;
}

}  // namespace

TEST_CASE("interlock: no planner profile is set while a rebalance runs, and it is afterwards") {
  Interlocked world({planner(), shard_balance()});
  world.trouble(0);
  world.trouble(0);
  REQUIRE(world.runs());
  world.begins();
  world.trouble(1);
  world.trouble(1);
  CHECK(world.memory("planner").state == BreakerState::closed);
  CHECK(world.last_verdict("planner").step == Step::blocked);
  CHECK(refused(world.last_verdict("planner")));
  world.report(JobPhase::finished);
  world.imbalance = 0.1;
  world.trouble(1);
  world.trouble(1);
  CHECK(world.memory("planner").state == BreakerState::open);
}

TEST_CASE("interlock: a planner profile that stands is held while a rebalance runs") {
  Interlocked world({planner(), shard_balance()});
  CHECK_FALSE(world.holds());
  world.snapshot.jobs[kRebalance] = {JobPhase::running, world.now, 0, {}};  // somebody else's
  CHECK(world.holds());
  world.snapshot.jobs[kRebalance].phase = JobPhase::finished;
  CHECK_FALSE(world.holds());
  world.trouble(0);
  REQUIRE(world.runs());  // ordered, and not reported yet
  CHECK(world.holds());
}

TEST_CASE("interlock: no planner profile is set while a server does not answer") {
  auto isolation = quick_breaker("isolation");
  isolation.ladder[0] = {};
  isolation.ladder[0].lever = "zone";
  isolation.mode = GENERATE(Mode::enforce, Mode::shadow);
  Interlocked world({isolation, planner()});
  world.set.levers["zone"].shuts_out = true;
  world.trouble(1);  // both open about the same: in order of name
  REQUIRE(world.memory("isolation").state != BreakerState::closed);
  CHECK(world.memory("planner").state == BreakerState::closed);
  CHECK(refused(world.last_verdict("planner")));
  world.trouble(0);
  world.trouble(0);
  world.trouble(0);
  REQUIRE(world.memory("isolation").state == BreakerState::closed);
  world.set.policies[0].mode = Mode::off;
  world.trouble(1);
  CHECK(world.memory("planner").state == BreakerState::open);
}

TEST_CASE("interlock: a server that lets some in answers, and a planner profile may be set") {
  auto crowded = quick_breaker("crowded");
  crowded.ladder[0] = {};
  crowded.ladder[0].lever = "zone";
  crowded.ladder[0].value.arguments["admit"] = 0.5;
  Interlocked world({crowded, planner()});
  world.set.levers["zone"].shuts_out = true;
  world.trouble(1);
  REQUIRE(world.memory("crowded").state != BreakerState::closed);
  CHECK(world.memory("planner").state == BreakerState::open);
}

TEST_CASE("interlock: a planner profile is held while a breaker that acts is not closed") {
  auto breaker = quick_breaker();
  Interlocked world({breaker});
  world.trouble(1);
  CHECK(world.holds());
  world.set.policies[0].mode = Mode::shadow;
  world.trouble(1);
  CHECK_FALSE(world.holds());
}

TEST_CASE("interlock: no move begins or goes on while a lock breaker is open, named or not") {
  auto job = shard_balance();
  job.blocked_while.clear();
  Interlocked world({quick_breaker(kBreaker), job});
  SECTION("it does not begin") {
    world.imbalance = 0.1;
    world.trouble(1);
    REQUIRE(world.memory(kBreaker).state == BreakerState::open);
    world.imbalance = 0.45;
    world.trouble(1);
    world.trouble(1);
    CHECK(world.last_verdict("shard-balance").step == Step::blocked);
    CHECK(world.count(Step::started) == 0);
  }
  SECTION("it is stopped") {
    world.trouble(0);
    world.begins();
    world.trouble(1);
    world.trouble(1);
    CHECK(world.last_verdict("shard-balance").job->stop == JobStop::blocked);
  }
  SECTION("one in shadow stops nothing") {
    world.set.policies[0].mode = Mode::shadow;
    world.trouble(1);
    world.trouble(1);
    CHECK(world.count(Step::opened) == 1);
    CHECK(world.count(Step::started) == 1);
  }
}

TEST_CASE("interlock: a breaker that is open about balance bars no rebalance, and that is said") {
  auto breaker = quick_breaker(kBreaker);
  SECTION("by an arm with max_rung") { breaker.open.arms[0].max_rung = 1; }
  SECTION("by the imbalance itself") { breaker.open.arms[0] = level_arm(0.3, 0.2); }
  const bool balance = !breaker.open.arms[0].max_rung;
  if (balance) breaker.open.arms[0].signal = kImbalance;
  auto job = shard_balance();
  if (!balance) job.blocked_while = {kBreaker};
  Interlocked world({breaker, job});
  world.set.levers["rebalance"].moves_bytes =
      balance;  // one by its name, one because it moves data
  const auto gate = [&world] {
    const auto* const found = gate_of(world.last_verdict("shard-balance"), GateKind::blocked_while);
    REQUIRE(found != nullptr);
    return *found;
  };
  world.trouble(balance ? 0 : 1);  // the breaker is evaluated first: it is open by then
  REQUIRE(world.memory(kBreaker).state == BreakerState::open);
  CHECK(world.last_verdict("shard-balance").step == Step::started);
  CHECK(gate().passed);
  CHECK(gate().left_out);
}

TEST_CASE("interlock: a breaker that is closed, or blocks, is not said to be left out") {
  auto job = shard_balance();
  job.blocked_while = {kBreaker};
  Interlocked world({quick_breaker(kBreaker), job});
  const double trouble = GENERATE(0, 1);
  world.trouble(trouble);
  const auto* const gate = gate_of(world.last_verdict("shard-balance"), GateKind::blocked_while);
  REQUIRE(gate != nullptr);
  CHECK(gate->passed == (trouble == 0));
  CHECK_FALSE(gate->left_out);
}

TEST_CASE("interlock: an imbalance opens no breaker while shards are moved, nor just after") {
  Interlocked world({imbalance_breaker()});
  world.imbalance = 0.35;
  world.snapshot.jobs[kRebalance] = {JobPhase::running, world.now, 0, {}};
  world.pass(10min);
  CHECK(world.count(Step::opened) == 0);
  CHECK(refused(world.last_verdict(kBreaker)));
  world.report(JobPhase::finished);
  CHECK(world.once() == Step::idle);  // the first of two samples that count
  CHECK(world.once() == Step::opened);
}

TEST_CASE("interlock: what an imbalance had opened before stands until it is clear") {
  Interlocked world({imbalance_breaker()});
  world.imbalance = 0.35;
  world.pass(1min);
  REQUIRE(world.count(Step::opened) == 1);
  world.snapshot.jobs[kRebalance] = {JobPhase::running, world.now, 0, {}};
  world.pass(10min);
  CHECK(world.memory(kBreaker).state == BreakerState::open);
  world.imbalance = 0.1;
  world.pass(2min);
  CHECK(world.memory(kBreaker).state == BreakerState::closed);
}

TEST_CASE("interlock: a lock storm opens its breaker while shards are moved") {
  auto both = imbalance_breaker();
  both.open.arms.push_back(quick_breaker().open.arms[0]);
  Interlocked world({both});
  world.imbalance = 0.35;
  world.snapshot.jobs[kRebalance] = {JobPhase::running, world.now, 0, {}};
  world.trouble(1);
  CHECK(world.memory(kBreaker).state == BreakerState::open);
}

TEST_CASE("interlock: a formula over the imbalance does not trip while shards are moved") {
  auto policy = imbalance_breaker();
  Formula twice;
  twice.inputs.resize(1);
  twice.inputs[0].signal = kImbalance;
  policy.open.arms[0].record = {twice};
  CHECK(judges_balance(policy.open.arms[0]));
  policy.open.arms[0].record[0].inputs[0].signal = kGauge;
  CHECK_FALSE(judges_balance(policy.open.arms[0]));
}

TEST_CASE("interlock: what only shadow has started moves nothing and holds nobody back") {
  auto job = shard_balance();
  job.mode = Mode::shadow;
  Interlocked world({imbalance_breaker(), planner(), job});
  world.imbalance = 0.45;
  world.trouble(0);
  REQUIRE(world.memory(job.name).state == BreakerState::open);
  CHECK_FALSE(rebalance_runs(world.set, world.snapshot, world.state));
  world.trouble(1);
  world.trouble(1);
  CHECK(world.memory("planner").state == BreakerState::open);
  CHECK(world.memory(kBreaker).state == BreakerState::open);
}
