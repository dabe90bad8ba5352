// SPDX-License-Identifier: Apache-2.0
// Invariant 8: jobs that move shards, lock breakers and planner profiles keep out of each other's
// way.
#include "controller/simulator/interlocks.hpp"

#include <catch2/catch.hpp>

#include "tests/policies/engine/jobs.hpp"

using namespace homeostat;
using namespace homeostat::testing;
using Catch::Matchers::Contains;

namespace {

const LeverKey kProfile{"planner_profile", "profile/contention"};
const LeverValue kOff{{{"reporting/jit", std::string("off")}}};

/// A breaker about locks and imbalance, and a job.
PolicySet both(std::vector<std::string> blocked_while) {
  auto breaker = circuit_breaker();
  breaker.open.arms.push_back(level_arm(0.3, 0.25));
  breaker.open.arms[1].signal = kImbalance;
  breaker.open.arms[1].max_rung = 1;
  auto job = shard_balance();
  job.blocked_while = std::move(blocked_while);
  auto set = JobWorld({breaker, job}).set;
  set.levers["planner_profile"].settles_last = true;
  return set;
}

Verdict verdict_of(const Policy& policy, Step step) {
  Verdict verdict;
  verdict.policy = policy.name;
  verdict.kind = policy.kind;
  verdict.step = step;
  verdict.evidence.resize(policy.open.arms.size());
  return verdict;
}

/// The breaker is open by its arm number `arm`.
EngineState opened_by(const PolicySet& set, std::size_t arm) {
  EngineState state;
  auto runtime = fresh_runtime(set.policies[0], {});
  runtime.share = 1;
  runtime.memory.state = BreakerState::open;
  runtime.arms.resize(2);
  runtime.arms[arm].involved = true;
  state.policies[{set.policies[0].name, {}}] = runtime;
  return state;
}

Snapshot moving() {
  Snapshot snapshot;
  snapshot.jobs[kRebalance] = {JobPhase::running, origin(), 0, {}};
  return snapshot;
}

}  // namespace

TEST_CASE("invariant 8: a move that starts while a lock breaker is open is found") {
  const auto set = both({});
  for (const std::size_t arm : {0U, 1U}) {
    InterlockWatch watch(set);
    Decision decision;
    decision.state = opened_by(set, arm);
    watch.see({}, decision, {});
    decision.verdicts = {verdict_of(set.policies[1], Step::started)};
    watch.see({}, decision, {});
    // An imbalance, with its one rung, is no lock breaker.
    REQUIRE(watch.findings().size() == (arm == 0 ? 1 : 0));
    if (arm != 0) continue;
    CHECK(watch.findings()[0].policy == "shard-balance");
    CHECK_THAT(watch.findings()[0].text, Contains("while open: `circuit-breaker`"));
  }
}

TEST_CASE("invariant 8: a breaker that an imbalance trips while shards are moved is found") {
  const auto set = both({"circuit-breaker"});
  for (const std::size_t arm : {0U, 1U}) {
    Decision decision;
    decision.verdicts = {verdict_of(set.policies[0], Step::opened)};
    decision.verdicts[0].evidence[arm].tripped = true;
    InterlockWatch watch(set);
    watch.see({}, decision, {});
    CHECK(watch.findings().empty());  // nothing moves
    watch.see(moving(), decision, {});
    CHECK(watch.findings().size() == arm);  // locks may always
  }
}

TEST_CASE("invariant 8: a planner profile may be set while a breaker is open, and not changed") {
  const auto set = both({"circuit-breaker"});
  Decision open;
  open.state = opened_by(set, 0);
  InterlockWatch watch(set);
  watch.see({}, open, {});
  watch.see({}, open, {{kProfile, kOff}});
  CHECK(watch.findings().empty());
  watch.see({}, open, {});
  REQUIRE(watch.findings().size() == 1);
  CHECK_THAT(watch.findings()[0].text,
             Contains("profile/contention is given back while a breaker is open"));
  InterlockWatch closed(set);
  closed.see({}, {}, {{kProfile, kOff}});
  closed.see({}, {}, {});
  CHECK(closed.findings().empty());
}

TEST_CASE("invariant 8: a planner profile is not even set while shards are moved") {
  const auto set = both({"circuit-breaker"});
  InterlockWatch watch(set);
  watch.see(moving(), {}, {{kProfile, kOff}});
  REQUIRE(watch.findings().size() == 1);
  CHECK_THAT(watch.findings()[0].text, Contains("is set while shards are moved"));
}
