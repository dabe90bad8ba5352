// SPDX-License-Identifier: Apache-2.0
// What a policy wants and a lever refuses, as the reconciler and the supervisor tell it.
#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/controller/loop/supervisor_bench.hpp"

namespace homeostat {
namespace {

using std::chrono::seconds;
using testing::Bench;

const LeverKey kSplit{"split", "cluster"};
const ChangeResult kNoSlots{ChangeOutcome::refused, "no slots on worker-1"};

DesiredLever wanted_split() {
  DesiredLever lever;
  lever.key = kSplit;
  lever.value.arguments["deviation"] = 0.1;
  lever.ttl = seconds{120};
  lever.policy = "shard-split";
  return lever;
}

struct RefusingBench {
  boost::asio::io_context io;
  fakes::FakeLever lever{"split"};
  Reconciler reconciler{{&lever}};
  TimePoint now{seconds{1000}};

  RefusingBench() { reconciler.adopt({}, 7, now); }
  void step(const std::vector<DesiredLever>& desired) {
    testing::run_coroutine(io, reconciler.step(desired, {}, now));
  }
};

/// A job that starts at once.
PolicySet one_split() {
  auto set = testing::two_rung_breaker();
  Policy policy;
  policy.name = "shard-split";
  policy.kind = PolicyKind::job;
  policy.mode = Mode::enforce;
  policy.hash = "c0ffee";
  policy.every = seconds{10};
  Act act;
  act.lever = "split";
  act.value.arguments["deviation"] = 0.1;
  policy.ladder = {act};
  policy.job = Job{};
  policy.job->deadline = seconds{1800};
  set.policies.push_back(policy);
  set.levers["split"] = {};
  return set;
}

/// A supervisor with that job beside its breaker.
struct SplitBench : Bench {
  fakes::FakeLever split{"split"};

  SplitBench() {
    clock.advance(std::chrono::hours{24 * 366 * 40});  // no job starts in 1970
    start(one_split(), {&lever, &split});
  }
  std::optional<JobStatus> status() const {
    for (const auto& verdict : supervisor->report()->verdicts) {
      if (verdict.policy == "shard-split") return verdict.job;
    }
    return std::nullopt;
  }
  bool told() const {
    const auto report = supervisor->report();
    return std::any_of(report->alerts.begin(), report->alerts.end(), [](const Alert& alert) {
      return alert.labels.at("alertname") == "HomeostatJobNotStarted";
    });
  }
};

}  // namespace

TEST_CASE("reconciler: what is refused says by whom it is wanted, since when, how often and why") {
  RefusingBench bench;
  const auto first = bench.now;
  CHECK(bench.reconciler.refused().empty());
  for (const auto* why : {"no slots", "no disk"}) {
    bench.lever.answers.emplace_back(ChangeResult{ChangeOutcome::refused, why});
    bench.step({wanted_split()});
    bench.now += seconds{60};
  }
  const auto refused = bench.reconciler.refused();
  REQUIRE(refused.size() == 1);
  CHECK(refused.begin()->first == kSplit);
  CHECK(refused.begin()->second.policy == "shard-split");
  CHECK(refused.begin()->second.tried == NotStarted{first, 2, "no disk"});
  CHECK(refused.begin()->second.newest == first + seconds{60});
  bench.step({wanted_split()});
  CHECK(bench.reconciler.refused().empty());
}

TEST_CASE("reconciler: what is left to somebody else is refused no longer") {
  RefusingBench bench;
  bench.lever.answers.emplace_back(kNoSlots);
  bench.lever.answers.emplace_back(ChangeResult{ChangeOutcome::yielded, "somebody else's"});
  bench.step({wanted_split()});
  bench.now += seconds{60};
  bench.step({wanted_split()});
  CHECK(bench.reconciler.refused().empty());
}

TEST_CASE("reconciler: what nobody wants any more is refused no longer") {
  RefusingBench bench;
  bench.lever.answers.emplace_back(kNoSlots);
  bench.step({wanted_split()});
  REQUIRE(bench.reconciler.refused().size() == 1);
  bench.step({});
  CHECK(bench.reconciler.refused().empty());
}

TEST_CASE("supervisor: a job whose order is refused is not told to run, and is told of") {
  SplitBench bench;
  bench.calm();
  for (int i = 0; i < 100; ++i) bench.split.answers.emplace_back(kNoSlots);
  bench.run_for(seconds{20});
  REQUIRE(bench.status());
  REQUIRE(bench.status()->not_started);
  CHECK(bench.status()->not_started->why == "no slots on worker-1");
  CHECK(bench.status()->not_started->tries > 1);
  CHECK(bench.supervisor->report()->refused.empty());
  CHECK_FALSE(bench.told());
  // The same is in the journal, so that a replay says it as well.
  CHECK(bench.journal.steps.back().not_started.at(kSplit).why == "no slots on worker-1");
  bench.run_for(seconds{30});
  CHECK(bench.told());
  bench.split.answers.clear();
  bench.run_for(seconds{60});
  CHECK_FALSE(bench.status()->not_started);
  CHECK_FALSE(bench.told());
}

TEST_CASE("supervisor: a job that its lever could not start is told of as well") {
  SplitBench bench;
  bench.calm();
  bench.split.waiting[kSplit] = {bench.clock.now(), 3, "somebody else is splitting"};
  bench.run_for(seconds{20});
  REQUIRE(bench.status()->not_started);
  CHECK(bench.status()->not_started->why == "somebody else is splitting");
  bench.ledger.lease = {9, "other:2", false};  // who only stands by does not know
  bench.run_for(seconds{20});
  CHECK(bench.journal.steps.back().not_started.empty());
}

TEST_CASE(
    "supervisor: what is refused to a breaker is told of, and is none of the jobs' business") {
  SplitBench bench;
  for (int i = 0; i < 1000; ++i) bench.lever.answers.emplace_back(kNoSlots);
  bench.storm();
  bench.run_for(seconds{50});
  REQUIRE_FALSE(bench.shed("class/rebuildable"));
  CHECK(bench.journal.steps.back().not_started.empty());
  const auto refused = bench.supervisor->report()->refused;
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].key == LeverKey{"feature", "class/rebuildable"});
  CHECK(refused[0].tries > 1);
  CHECK(refused[0].failing > seconds{10});
  CHECK(refused[0].why == kNoSlots.detail);
}

}  // namespace homeostat
