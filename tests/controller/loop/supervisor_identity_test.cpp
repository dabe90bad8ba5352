// SPDX-License-Identifier: Apache-2.0
// Which database a supervisor may touch.
#include <catch2/catch.hpp>

#include "tests/controller/loop/supervisor_bench.hpp"

namespace homeostat {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::Bench;
using testing::two_rung_breaker;

}  // namespace

TEST_CASE("supervisor: touches nothing on another server than the one that was sampled (H5, H53)") {
  Bench bench;
  bench.storm();
  bench.ledger.server = "server-2";
  bench.run_for(minutes{3});
  CHECK(bench.lever.changes.empty());
  CHECK(bench.supervisor->report()->bar == ForwardBar::identity_changed);
}

TEST_CASE("supervisor: another database behind the old address waits for a reload (H5, H53)") {
  Bench bench;
  const auto serve = [&bench](const char* identity) {
    bench.ledger.server = identity;
    bench.probe.identity = identity;
  };
  serve("1/melodyud@100");
  bench.run_for(seconds{10});
  bench.supervisor->replace(Bench::settings(),
                            two_rung_breaker());  // of before, says nothing of later
  bench.run_for(seconds{1});
  serve("2/melodyud@200");
  bench.storm();
  bench.run_for(minutes{3});
  CHECK(bench.lever.changes.empty());
  const auto report = bench.supervisor->report();
  CHECK(report->bar == ForwardBar::identity_changed);
  CHECK_THAT(report->bar_detail, Catch::Contains("2/melodyud") && Catch::Contains("1/melodyud") &&
                                     Catch::Contains("homeostat doctor"));
  bench.supervisor->replace(Bench::settings(), two_rung_breaker());
  bench.run_for(minutes{2});
  CHECK(bench.shed("class/rebuildable"));
}

TEST_CASE("supervisor: a restart and a promotion are the same database going on (H5)") {
  Bench bench;
  bench.ledger.server = "1/melodyud@100";
  bench.probe.identity = "1/melodyud@100";
  bench.run_for(seconds{10});
  bench.ledger.server = "1/melodyud@200";
  bench.probe.identity = "1/melodyud@200";
  bench.storm();
  bench.run_for(minutes{2});
  CHECK(bench.shed("class/rebuildable"));
}

TEST_CASE("supervisor: nothing is given back on another database than was led on (H53)") {
  Bench bench;
  bench.ledger.server = "1/melodyud@100";
  bench.probe.identity = "1/melodyud@100";
  bench.storm();
  bench.run_for(minutes{2});
  REQUIRE(bench.shed("class/rebuildable"));
  bench.ledger.server = "2/melodyud@200";
  const auto before = bench.lever.changes.size();
  bench.supervisor->request_stop();
  testing::run_coroutine(bench.io, bench.supervisor->run());
  CHECK(bench.lever.changes.size() == before);
}

}  // namespace homeostat
