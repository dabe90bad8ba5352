// SPDX-License-Identifier: Apache-2.0
// How a supervisor ends: what it gives back, keeps and leaves alone.
#include <catch2/catch.hpp>

#include "tests/controller/loop/supervisor_bench.hpp"

namespace homeostat {
namespace {

using std::chrono::seconds;
using testing::Bench;
using testing::two_rung_breaker;

}  // namespace

TEST_CASE("supervisor: for a successor that does not act, it reverts whatever on_exit says") {
  Bench bench;
  SupervisorSettings keep;
  keep.mode_ceiling = Mode::enforce;
  keep.revert_on_exit = false;
  bench.supervisor->replace(keep, two_rung_breaker());
  bench.shed_first_rung();
  bench.supervisor->request_stop(Leaving::revert);
  testing::run_coroutine(bench.io, bench.supervisor->run());
  CHECK_FALSE(bench.shed("class/rebuildable"));
  CHECK(bench.ledger.released);
}

TEST_CASE("supervisor: on exit it reverts, resolves its alerts and releases the lease") {
  Bench bench;
  bench.shed_first_rung();
  bench.supervisor->request_stop();
  testing::run_coroutine(bench.io, bench.supervisor->run());
  CHECK_FALSE(bench.shed("class/rebuildable"));
  CHECK(bench.ledger.released);
  REQUIRE(bench.alerts.last.has_value());
  CHECK(bench.alerts.last->empty());
}

TEST_CASE("supervisor: an exit in the middle of a doubt still gives back (H13)") {
  Bench bench;
  bench.shed_first_rung();
  LedgerRow row;
  row.key = {"feature", "class/rebuildable"};
  row.value = bench.lever.targets["class/rebuildable"];
  row.policy = "circuit-breaker";
  row.remaining = seconds{100};
  bench.ledger.image.rows = {row};

  SECTION("a renewal had no answer") {
    bench.ledger.failure = Error{ErrorCode::cancelled, "lock timeout", {}};
    bench.run_for(seconds{10});
    REQUIRE_FALSE(bench.supervisor->report()->leader);
    bench.ledger.failure.reset();
  }
  SECTION("the first revert has no answer") {
    bench.lever.answers.emplace_back(Error{ErrorCode::timeout, "no answer", {}});
  }
  bench.supervisor->request_stop();
  testing::run_coroutine(bench.io, bench.supervisor->run());
  CHECK_FALSE(bench.shed("class/rebuildable"));
  CHECK(bench.ledger.released);
}

TEST_CASE("supervisor: a standby that ends reverts nothing") {
  Bench bench;
  LedgerRow row;
  row.key = {"feature", "class/rebuildable"};
  bench.ledger.image.rows = {row};
  bench.ledger.lease = {9, "other:2", false};
  bench.run_for(seconds{3});
  bench.ledger.lease.ours = true;  // would be ours, were it asked for
  bench.supervisor->request_stop();
  testing::run_coroutine(bench.io, bench.supervisor->run());
  CHECK(bench.lever.changes.empty());
}

TEST_CASE("supervisor: on an exit that keeps, levers stand and their policy is remembered") {
  Bench bench;
  bench.storm();
  bench.run_for(seconds{50});
  bench.supervisor->request_stop(Leaving::keep);
  testing::run_coroutine(bench.io, bench.supervisor->run());
  CHECK(bench.shed("class/rebuildable"));
  CHECK(bench.ledger.image.memories.size() == 1);
  CHECK(bench.ledger.released);
}

}  // namespace homeostat
