// SPDX-License-Identifier: Apache-2.0
// What outlives a restart, a reload and a lease that was lost.
#include <catch2/catch.hpp>

#include "tests/controller/loop/supervisor_bench.hpp"

namespace homeostat {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::Bench;
using testing::two_rung_breaker;

}  // namespace

TEST_CASE("supervisor: a successor holds the same rung and applies nothing twice (H20, H21)") {
  Bench bench;
  bench.storm();
  bench.run_for(seconds{50});
  REQUIRE(bench.lever.changes.size() >= 1);
  LedgerRow row;
  row.key = {"feature", "class/rebuildable"};
  row.value = bench.lever.targets["class/rebuildable"];
  row.policy = "circuit-breaker";
  row.rung = 1;
  row.remaining = seconds{100};
  bench.ledger.image.rows = {row};
  bench.lever.changes.clear();
  bench.start(two_rung_breaker(), {&bench.lever});
  bench.calm();
  bench.run_for(seconds{20});
  for (const auto& change : bench.lever.changes) CHECK(change.kind == ChangeKind::renew);
  CHECK(bench.supervisor->report()->verdicts.at(0).rung == 1);
  bench.run_for(minutes{5});
  CHECK_FALSE(bench.shed("class/rebuildable"));
}

TEST_CASE("supervisor: a restart does not give the budget back (S6)") {
  Bench bench;
  for (int i = 0; i < 6; ++i) {
    bench.ledger.image.forward.push_back({"circuit-breaker", bench.clock.now() - minutes{30}});
    bench.ledger.image.forward.back().at += seconds{i};
  }
  bench.storm();
  bench.run_for(minutes{2});
  CHECK(bench.lever.changes.empty());
  CHECK(bench.supervisor->report()->budget_remaining.at("circuit-breaker") == 0);
  bench.run_for(minutes{30});
  CHECK(bench.shed("class/rebuildable"));
}

TEST_CASE("supervisor: what nobody has led for longer than its expiry is history, and reverted") {
  Bench bench;
  bench.calm();
  PolicyMemory memory;
  memory.policy = "circuit-breaker";
  memory.policy_hash = two_rung_breaker().policies[0].hash;
  memory.state = BreakerState::open;
  memory.rung = 1;
  memory.hold = seconds{60};
  memory.trips = 1;
  memory.changed = memory.opened = bench.clock.now() - minutes{10};
  LedgerRow row;
  row.key = {"feature", "class/rebuildable"};
  row.value.arguments["admit"] = 0.0;
  row.policy = "circuit-breaker";
  row.rung = 1;
  row.remaining = -minutes{8};
  bench.ledger.image.memories = {memory};
  bench.ledger.image.rows = {row};

  SECTION("a row past its expiry does not bring the shedding back") {
    bench.run_for(seconds{2});
    REQUIRE(bench.lever.changes.size() == 1);
    CHECK(bench.lever.changes[0].kind == ChangeKind::revert);
    CHECK(bench.supervisor->report()->verdicts.at(0).state == BreakerState::closed);
  }
  SECTION("a row within its expiry keeps the breaker open") {
    bench.ledger.image.rows[0].remaining = seconds{30};
    bench.run_for(seconds{2});
    CHECK(bench.supervisor->report()->verdicts.at(0).state == BreakerState::open);
  }
  SECTION("a rung climbed just before the crash is taken up, row or not") {
    bench.ledger.image.rows.clear();
    bench.ledger.image.memories[0].changed = bench.clock.now() - seconds{5};
    bench.run_for(seconds{2});
    CHECK(bench.shed("class/rebuildable"));
  }
}

TEST_CASE("supervisor: a policy that a reload takes away gives its levers back (H35)") {
  Bench bench;
  bench.shed_first_rung();
  SupervisorSettings settings;
  settings.mode_ceiling = Mode::enforce;
  PolicySet none = two_rung_breaker();
  none.policies.clear();
  bench.supervisor->replace(settings, none);
  bench.run_for(seconds{2});
  CHECK_FALSE(bench.shed("class/rebuildable"));
}

TEST_CASE("supervisor: a reload that changes nothing keeps the rung and the evidence") {
  Bench bench;
  bench.storm();
  bench.run_for(seconds{50});
  SupervisorSettings settings;
  settings.mode_ceiling = Mode::enforce;
  bench.supervisor->replace(settings, two_rung_breaker());
  bench.run_for(seconds{2});
  CHECK(bench.shed("class/rebuildable"));
}

TEST_CASE("supervisor: a reload in the middle of a step takes effect with the next one") {
  Bench bench;
  bench.storm();
  bench.run_for(seconds{50});
  PolicySet none = two_rung_breaker();
  none.policies.clear();
  // As a signal does, while the lever's answer is awaited.
  bench.lever.during_apply = [&] {
    const bool batch = bench.lever.changes.back().desired.key.target == "class/batch";
    if (batch) bench.supervisor->replace(SupervisorSettings{}, none);
  };
  for (int i = 0; i < 60 && !bench.shed("class/batch"); ++i) bench.run_for(seconds{1});
  REQUIRE(bench.shed("class/batch"));
  bench.lever.during_apply = nullptr;
  CHECK(bench.supervisor->report()->verdicts.size() == 1);
  bench.run_for(seconds{2});
  CHECK(bench.supervisor->report()->verdicts.empty());
  CHECK_FALSE(bench.shed("class/batch"));
}

TEST_CASE("supervisor: a lease that comes back unled meanwhile keeps rung and evidence") {
  Bench bench;
  bench.shed_first_rung();
  bench.calm();
  bench.run_for(seconds{55});  // clear, and nearly long enough to give back
  bench.ledger.failure = Error{ErrorCode::unavailable, "connection lost", {}};
  bench.run_for(seconds{6});
  REQUIRE(bench.supervisor->report()->bar == ForwardBar::ledger_lost);
  bench.ledger.failure.reset();
  bench.ledger.lease.epoch += 1;

  SECTION("nobody else led: the time it has been clear goes on") {
    bench.run_for(seconds{15});
    CHECK(bench.supervisor->report()->verdicts.at(0).state == BreakerState::half_open);
  }
  SECTION("somebody else led: it starts from what the ledger kept") {
    bench.ledger.lease.epoch += 1;
    bench.run_for(seconds{15});
    CHECK(bench.supervisor->report()->verdicts.at(0).state == BreakerState::open);
  }
}

}  // namespace homeostat
