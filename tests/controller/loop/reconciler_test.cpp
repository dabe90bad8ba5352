// SPDX-License-Identifier: Apache-2.0
#include "controller/loop/reconciler.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "tests/support/fakes.hpp"
#include "tests/support/run.hpp"

namespace homeostat {
namespace {

using std::chrono::seconds;

DesiredLever shed(std::string target, double admit) {
  DesiredLever lever;
  lever.key = {"feature", std::move(target)};
  lever.value.arguments["admit"] = admit;
  lever.ttl = seconds{120};
  lever.policy = "circuit-breaker";
  lever.rung = 1;
  return lever;
}

LedgerRow row_of(const DesiredLever& lever, Duration remaining) {
  LedgerRow row;
  row.key = lever.key;
  row.value = lever.value;
  row.policy = lever.policy;
  row.rung = lever.rung;
  row.remaining = remaining;
  return row;
}

struct ReconcilerBench {
  boost::asio::io_context io;
  fakes::FakeLever lever;
  Reconciler reconciler{{&lever}};
  TimePoint now{seconds{1000}};

  ReconcilerBench() { reconciler.adopt({}, 7, now); }
  std::vector<ActRecord> step(const std::vector<DesiredLever>& desired,
                              Reconciler::Options options = {}) {
    return testing::run_coroutine(io, reconciler.step(desired, options, now));
  }
};

}  // namespace

TEST_CASE("reconciler: moves only what differs from the ledger") {
  ReconcilerBench bench;
  const auto want = shed("class/batch", 0);
  REQUIRE(bench.step({want}).size() == 1);
  CHECK(bench.lever.targets["class/batch"] == want.value);
  CHECK(bench.step({want}).empty());
}

TEST_CASE("reconciler: every change carries the epoch and a rising sequence (S1, S2)") {
  ReconcilerBench bench;
  bench.step({shed("class/batch", 0)});
  bench.step({shed("class/batch", 0.05)});
  REQUIRE(bench.lever.changes.size() == 2);
  CHECK(bench.lever.changes[0].token.epoch == 7);
  CHECK(bench.lever.changes[0].token.sequence < bench.lever.changes[1].token.sequence);
}

TEST_CASE(
    "reconciler: what the database's guard has shed stays until its expiry, or is taken over") {
  ReconcilerBench bench;
  auto by_guard = shed("class/rebuildable", 0);
  by_guard.policy = "guard";
  bench.reconciler.adopt({row_of(by_guard, seconds{90})}, 8, bench.now);
  CHECK(bench.step({}).empty());
  SECTION("nobody wants it") {
    bench.now += seconds{90};
    const auto acts = bench.step({});
    REQUIRE(acts.size() == 1);
    CHECK(acts[0].kind == ChangeKind::revert);
  }
  SECTION("a policy wants it") {
    Reconciler::Options options;
    options.tick = true;
    for (const auto& act : bench.step({shed("class/rebuildable", 0)}, options)) {
      CHECK(act.kind != ChangeKind::revert);
    }
    CHECK(bench.reconciler.open(bench.now).at(0).row.policy == "circuit-breaker");
  }
  SECTION("the daemon ends") {
    Reconciler::Options options;
    options.unpaced = true;
    CHECK(bench.step({}, options).size() == 1);
  }
}

TEST_CASE("reconciler: reverts what no policy wants any more") {
  ReconcilerBench bench;
  bench.step({shed("class/batch", 0)});
  const auto acts = bench.step({});
  REQUIRE(acts.size() == 1);
  CHECK(acts[0].kind == ChangeKind::revert);
  CHECK(bench.lever.targets["class/batch"].baseline());
  CHECK(bench.reconciler.open(bench.now).empty());
}

TEST_CASE("reconciler: a restart takes over open rows without applying them again (H20)") {
  ReconcilerBench bench;
  const auto want = shed("class/batch", 0);
  bench.reconciler.adopt({row_of(want, seconds{100})}, 8, bench.now);
  CHECK(bench.step({want}).empty());
}

TEST_CASE("reconciler: a token is used once, also after the ledger was read again (S2)") {
  ReconcilerBench bench;
  bench.step({shed("class/batch", 0)});
  bench.reconciler.adopt({}, 7, bench.now);
  bench.step({shed("class/batch", 0)});
  REQUIRE(bench.lever.changes.size() == 2);
  CHECK(bench.lever.changes[1].token.sequence > bench.lever.changes[0].token.sequence);
}

TEST_CASE("reconciler: a restart undoes rows that nobody wants (H19)") {
  ReconcilerBench bench;
  bench.reconciler.adopt({row_of(shed("class/batch", 0), seconds{100})}, 8, bench.now);
  const auto acts = bench.step({});
  REQUIRE(acts.size() == 1);
  CHECK(acts[0].kind == ChangeKind::revert);
}

TEST_CASE("reconciler: renews at each tick and before half of the time to live has passed") {
  ReconcilerBench bench;
  const auto want = shed("class/batch", 0);
  bench.step({want});
  bench.now += seconds{59};
  CHECK(bench.step({want}).empty());
  bench.now += seconds{2};
  REQUIRE(bench.step({want}).size() == 1);
  CHECK(bench.lever.changes.back().kind == ChangeKind::renew);
  Reconciler::Options tick;
  tick.tick = true;
  CHECK(bench.step({want}, tick).size() == 1);
}

TEST_CASE("reconciler: a bar stops forward acts, and neither reverts nor renewals (S7)") {
  ReconcilerBench bench;
  bench.step({shed("class/batch", 0.25)});
  Reconciler::Options barred;
  barred.bar = ForwardBar::journal_unusable;
  CHECK(bench.step({shed("class/batch", 0.25), shed("class/non_critical", 0)}, barred).empty());
  CHECK(bench.step({shed("class/batch", 0)}, barred).empty());
  CHECK(bench.step({shed("class/batch", 0.5)}, barred).size() == 1);
  CHECK(bench.step({}, barred).size() == 1);
}

TEST_CASE("reconciler: under a bar a regulated value only moves towards its baseline (S7)") {
  ReconcilerBench bench;
  const auto cap = [](double concurrency) {
    auto lever = shed("zone/1", 0);
    lever.value.arguments = {{"concurrency", concurrency}};
    lever.regulated = "concurrency";
    lever.baseline = 400;
    return lever;
  };
  bench.step({cap(100)});
  Reconciler::Options barred;
  barred.bar = ForwardBar::paused;
  CHECK(bench.step({cap(80)}, barred).empty());
  CHECK(bench.step({cap(120)}, barred).size() == 1);
  CHECK(bench.step({cap(400)}, barred).size() == 1);

  auto window = cap(50);
  window.key.target = "group/play-counts";
  window.baseline = 0;
  bench.step({cap(400), window});
  window.value.arguments["concurrency"] = 60.0;
  CHECK(bench.step({cap(400), window}, barred).empty());
  window.value.arguments["concurrency"] = 20.0;
  CHECK(bench.step({cap(400), window}, barred).size() == 1);
}

TEST_CASE("reconciler: a paused policy's levers only move towards the baseline (H37)") {
  ReconcilerBench bench;
  bench.step({shed("class/batch", 0.25)});
  Reconciler::Options paused;
  paused.paused = {shed("class/batch", 0).policy};
  CHECK(bench.step({shed("class/batch", 0.25), shed("class/non_critical", 0)}, paused).empty());
  CHECK(bench.step({shed("class/batch", 0)}, paused).empty());
  CHECK(bench.step({shed("class/batch", 0.5)}, paused).size() == 1);
}

TEST_CASE("reconciler: a renewal knows whether anything may move forward (S7, H37)") {
  ReconcilerBench bench;
  const auto want = shed("class/batch", 0.25);
  bench.step({want});
  Reconciler::Options tick;
  tick.tick = true;
  SECTION("it may") {}
  SECTION("a bar") { tick.bar = ForwardBar::journal_unusable; }
  SECTION("a pause") { tick.paused = {want.policy}; }
  const bool barred = tick.bar != ForwardBar::none || !tick.paused.empty();
  REQUIRE(bench.step({want}, tick).size() == 1);
  CHECK(bench.lever.changes.back().kind == ChangeKind::renew);
  CHECK(bench.lever.changes.back().barred == barred);
}

TEST_CASE("reconciler: a yielded target is left alone until no policy wants it (H18, S9)") {
  ReconcilerBench bench;
  const auto want = shed("class/batch", 0);
  bench.step({want});
  ChangeResult yielded;
  yielded.outcome = ChangeOutcome::yielded;
  bench.lever.answers.emplace_back(yielded);
  Reconciler::Options tick;
  tick.tick = true;
  REQUIRE(bench.step({want}, tick).size() == 1);
  REQUIRE(bench.reconciler.open(bench.now).size() == 1);
  CHECK(bench.reconciler.open(bench.now)[0].drifted);
  CHECK(bench.step({want}, tick).empty());
  CHECK(bench.step({}, tick).empty());
  CHECK(bench.reconciler.open(bench.now).empty());
  CHECK(bench.step({want}).size() == 1);
}

TEST_CASE("reconciler: a foreign value found at a revert is shown for five minutes (H18)") {
  ReconcilerBench bench;
  bench.step({shed("class/batch", 0)});
  ChangeResult yielded;
  yielded.outcome = ChangeOutcome::yielded;
  bench.lever.answers.emplace_back(yielded);
  REQUIRE(bench.step({}).size() == 1);
  REQUIRE(bench.reconciler.open(bench.now).size() == 1);
  CHECK(bench.reconciler.open(bench.now)[0].drifted);
  bench.now += std::chrono::minutes{4};
  CHECK(bench.step({}).empty());
  CHECK(bench.reconciler.open(bench.now).size() == 1);
  bench.now += std::chrono::minutes{1};
  bench.step({});
  CHECK(bench.reconciler.open(bench.now).empty());
}

TEST_CASE("reconciler: an unknown outcome stops everything until the ledger was read (H13)") {
  ReconcilerBench bench;
  bench.lever.answers.emplace_back(Error{ErrorCode::timeout, "no answer", {}});
  const auto acts = bench.step({shed("class/batch", 0), shed("class/non_critical", 0)});
  REQUIRE(acts.size() == 1);
  CHECK(acts[0].outcome == ChangeOutcome::unknown);
  CHECK(bench.reconciler.fence_lost());
}

TEST_CASE("reconciler: what the server's own timeout rolled back is refused, not unknown (H13)") {
  ReconcilerBench bench;
  const auto want = shed("class/batch", 0);
  bench.lever.answers.emplace_back(Error{ErrorCode::cancelled, "lock timeout", {}});
  const auto acts = bench.step({want});
  REQUIRE(acts.size() == 1);
  CHECK(acts[0].outcome == ChangeOutcome::refused);
  CHECK_FALSE(bench.reconciler.fence_lost());
  bench.now += seconds{1};
  CHECK(bench.step({want}).size() == 1);
  CHECK(bench.lever.targets["class/batch"] == want.value);
}

TEST_CASE("reconciler: an applied change that cannot be read back is unknown (H13)") {
  ReconcilerBench bench;
  bench.lever.unreadable = Error{ErrorCode::cancelled, "lock timeout", {}};
  const auto acts = bench.step({shed("class/batch", 0)});
  REQUIRE(acts.size() == 1);
  CHECK(acts[0].outcome == ChangeOutcome::unknown);
  CHECK(bench.reconciler.fence_lost());
}

TEST_CASE("reconciler: a refused change is tried again, later and later") {
  ReconcilerBench bench;
  const auto want = shed("class/batch", 0);
  for (int i = 0; i < 2; ++i) {
    bench.lever.answers.emplace_back(Error{ErrorCode::refused, "no", {}});
  }
  CHECK(bench.step({want}).size() == 1);
  CHECK(bench.step({want}).empty());
  bench.now += seconds{1};
  CHECK(bench.step({want}).size() == 1);
  bench.now += seconds{1};
  CHECK(bench.step({want}).empty());
  bench.now += seconds{1};
  CHECK(bench.step({want}).size() == 1);
  CHECK(bench.lever.targets["class/batch"] == want.value);
}

TEST_CASE("reconciler: what reads back differently was not applied (H16)") {
  ReconcilerBench bench;
  ChangeResult claimed;
  claimed.outcome = ChangeOutcome::applied;
  bench.lever.answers.emplace_back(claimed);
  const auto acts = bench.step({shed("class/batch", 0)});
  REQUIRE(acts.size() == 1);
  CHECK(acts[0].outcome == ChangeOutcome::refused);
}

namespace {

/// A second lever, which is held while a breaker is open.
struct HoldBench : ReconcilerBench {
  fakes::FakeLever planner{"planner_profile"};
  Reconciler both{{&lever, &planner}};
  Reconciler::Options open;  ///< as long as a breaker is

  HoldBench() {
    both.adopt({}, 7, now);
    open.held = {"planner_profile"};
  }
  static DesiredLever profile(const std::string& jit) {
    DesiredLever desired;
    desired.key = {"planner_profile", "profile/contention"};
    desired.value.arguments["reporting/jit"] = jit;
    desired.ttl = seconds{1800};
    desired.policy = "lock-contention";
    desired.policy_hash = "beef";
    return desired;
  }
  std::vector<ActRecord> step(const std::vector<DesiredLever>& desired,
                              Reconciler::Options options = {}) {
    return testing::run_coroutine(io, both.step(desired, options, now));
  }
};

}  // namespace

TEST_CASE("reconciler: what is held is set, and neither given back nor changed until it is not") {
  HoldBench bench;
  REQUIRE(bench.step({bench.profile("off")}, bench.open).size() == 1);
  CHECK_FALSE(bench.both.open(bench.now)[0].held);
  CHECK(bench.step({}, bench.open).empty());
  CHECK(bench.both.open(bench.now)[0].held);
  CHECK(bench.step({bench.profile("on")}, bench.open).empty());
  CHECK(bench.planner.targets["profile/contention"] == bench.profile("off").value);

  CHECK(bench.step({bench.profile("on")}).size() == 1);
  CHECK_FALSE(bench.both.open(bench.now)[0].held);
  CHECK(bench.planner.targets["profile/contention"] == bench.profile("on").value);
  const auto acts = bench.step({});
  REQUIRE(acts.size() == 1);
  CHECK(acts[0].kind == ChangeKind::revert);
}

TEST_CASE("reconciler: what did harm is given back though it is held") {
  HoldBench bench;
  bench.step({bench.profile("off")}, bench.open);
  bench.open.harmful = {bench.profile("off").key};
  const auto acts = bench.step({}, bench.open);
  REQUIRE(acts.size() == 1);
  CHECK(acts[0].kind == ChangeKind::revert);
  CHECK(bench.both.open(bench.now).empty());
}

TEST_CASE("reconciler: what is held does not run out, by its own policy's name") {
  HoldBench bench;
  bench.step({bench.profile("off")});
  bench.now += seconds{901};
  const auto acts = bench.step({}, bench.open);
  REQUIRE(acts.size() == 1);
  CHECK(acts[0].kind == ChangeKind::renew);
  CHECK(bench.planner.changes.back().desired.policy == "lock-contention");
  CHECK(bench.planner.changes.back().desired.policy_hash == "beef");
  CHECK(bench.planner.changes.back().desired.ttl == seconds{1800});
  // Found in the ledger after a restart, as well.
  bench.both.adopt({row_of(bench.profile("off"), seconds{5})}, 8, bench.now);
  REQUIRE(bench.step({}, bench.open).size() == 1);
  CHECK(bench.planner.changes.back().kind == ChangeKind::renew);
  CHECK(bench.planner.changes.back().desired.ttl == seconds{120});
}

TEST_CASE("reconciler: other levers and what was yielded are not held") {
  HoldBench bench;
  bench.step({shed("class/batch", 0), bench.profile("off")});
  CHECK(bench.step({}, bench.open).size() == 1);
  CHECK(bench.lever.targets["class/batch"].baseline());
  ChangeResult yielded;
  yielded.outcome = ChangeOutcome::yielded;
  bench.planner.answers.emplace_back(yielded);
  bench.open.tick = true;
  REQUIRE(bench.step({bench.profile("off")}, bench.open).size() == 1);
  CHECK(bench.step({bench.profile("off")}, bench.open).empty());
  CHECK(bench.step({}, bench.open).empty());
  CHECK(bench.both.open(bench.now).empty());
}

TEST_CASE("reconciler: says since when a lever refuses, until it takes a change again (H14)") {
  ReconcilerBench bench;
  const auto want = shed("class/batch", 0);
  bench.step({want});
  Reconciler::Options tick;
  tick.tick = true;
  for (int i = 0; i < 2; ++i) {
    bench.lever.answers.emplace_back(Error{ErrorCode::missing_privilege, "no", {}});
    bench.step({want}, tick);
    bench.now += seconds{30};
  }
  REQUIRE(bench.reconciler.open(bench.now).size() == 1);
  CHECK(bench.reconciler.open(bench.now)[0].failing == seconds{60});
  CHECK(bench.reconciler.open(bench.now)[0].last_error == "no");
  bench.step({want}, tick);
  CHECK(bench.reconciler.open(bench.now)[0].failing == Duration{0});
}

TEST_CASE("reconciler: gives back at most five targets a tick, all of them on exit (H25)") {
  ReconcilerBench bench;
  std::vector<DesiredLever> many;
  for (int i = 0; i < 8; ++i) many.push_back(shed("feature/f" + std::to_string(i), 0));
  bench.step(many);
  CHECK(bench.step({}).size() == 5);
  CHECK(bench.step({}).empty());
  Reconciler::Options exit;
  exit.unpaced = true;
  CHECK(bench.step({}, exit).size() == 3);
}

}  // namespace homeostat
