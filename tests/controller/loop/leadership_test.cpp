// SPDX-License-Identifier: Apache-2.0
#include "controller/loop/leadership.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "tests/support/fakes.hpp"
#include "tests/support/run.hpp"

namespace homeostat {
namespace {

using std::chrono::seconds;

struct LeaderBench {
  boost::asio::io_context io;
  fakes::FakeLedger ledger;
  Leadership leadership{&ledger, seconds{5}};
  TimePoint now{seconds{100}};
  Leadership::Turn step() { return testing::run_coroutine(io, leadership.step(now, seconds{3})); }
};

}  // namespace

TEST_CASE("leadership: says when the lease was gained and when it was lost") {
  LeaderBench bench;
  CHECK(bench.step() == Leadership::Turn::gained);
  CHECK(bench.leadership.epoch() == 7);
  bench.now += seconds{5};
  CHECK(bench.step() == Leadership::Turn::none);
  bench.ledger.lease = {8, "other:2", false};
  bench.now += seconds{5};
  CHECK(bench.step() == Leadership::Turn::lost);
  CHECK(bench.leadership.bar() == ForwardBar::not_leader);
  CHECK(bench.leadership.holder() == "other:2");
}

TEST_CASE("leadership: asks the database only when a renewal is due") {
  LeaderBench bench;
  bench.step();
  bench.now += seconds{4};
  bench.step();
  CHECK(bench.ledger.asked == 1);
  bench.now += seconds{1};
  bench.step();
  CHECK(bench.ledger.asked == 2);
}

TEST_CASE("leadership: without an answer nobody here leads (S7, H33)") {
  LeaderBench bench;
  bench.step();
  bench.ledger.failure = Error{ErrorCode::timeout, "no answer", {}};
  bench.now += seconds{5};
  CHECK(bench.step() == Leadership::Turn::lost);
  CHECK_FALSE(bench.leadership.leader());
  CHECK(bench.leadership.bar() == ForwardBar::ledger_lost);
  CHECK(bench.leadership.detail() == "no answer");
}

TEST_CASE("leadership: knows whether somebody else has led since the lease was last ours") {
  LeaderBench bench;
  bench.step();
  bench.ledger.failure = Error{ErrorCode::unavailable, "connection lost", {}};
  bench.now += seconds{5};
  REQUIRE(bench.step() == Leadership::Turn::lost);
  bench.ledger.failure.reset();

  SECTION("the epoch after ours is our own") {
    bench.ledger.lease.epoch = 8;
    CHECK(bench.step() == Leadership::Turn::regained);
  }
  SECTION("the same epoch is still ours") { CHECK(bench.step() == Leadership::Turn::regained); }
  SECTION("an epoch between was somebody else's") {
    bench.ledger.lease.epoch = 9;
    CHECK(bench.step() == Leadership::Turn::gained);
  }
}

TEST_CASE("leadership: an epoch that jumped while it led is a new beginning") {
  LeaderBench bench;
  bench.step();
  bench.ledger.lease.epoch = 9;
  bench.now += seconds{5};
  CHECK(bench.step() == Leadership::Turn::gained);
}

TEST_CASE("leadership: says that nobody leads when a lease ran out and its lock stays (H33)") {
  LeaderBench bench;
  bench.ledger.lease = {6, "other:2", false};
  bench.step();
  CHECK_FALSE(bench.leadership.leaderless());
  bench.ledger.lease.ran_out = true;
  bench.now += seconds{5};
  bench.step();
  CHECK(bench.leadership.leaderless());
  CHECK(bench.leadership.bar() == ForwardBar::not_leader);
  CHECK(bench.leadership.detail() == "nobody leads: the lease of other:2 ran out, its lock stays");
}

TEST_CASE("leadership: a doubt ends it until the database has confirmed it again (H32)") {
  LeaderBench bench;
  bench.step();
  bench.leadership.doubt("superseded");
  CHECK_FALSE(bench.leadership.leader());
  CHECK(bench.leadership.bar() != ForwardBar::none);
  CHECK(bench.step() == Leadership::Turn::regained);
}

TEST_CASE("leadership: bars forward acts when it changed hands by force too often (H34)") {
  LeaderBench bench;
  bench.ledger.lease.takeovers = 3;
  bench.step();
  CHECK(bench.leadership.bar() == ForwardBar::none);
  bench.ledger.lease.takeovers = 4;
  bench.now += seconds{5};
  bench.step();
  CHECK(bench.leadership.leader());
  CHECK(bench.leadership.bar() == ForwardBar::lease_flapping);
}

TEST_CASE("leadership: an acknowledgement stays where it was first seen on the time line") {
  LeaderBench bench;
  bench.ledger.acks = {{4, "cluster", seconds{30}}};
  bench.step();
  REQUIRE(bench.leadership.acks().size() == 1);
  CHECK(bench.leadership.acks()[0].scope == "cluster");
  CHECK(bench.leadership.acks()[0].at == bench.now - seconds{30});
  const auto first = bench.leadership.acks();
  bench.ledger.acks[0].age = seconds{36};  // read a second too late
  bench.now += seconds{5};
  bench.step();
  CHECK(bench.leadership.acks() == first);
  bench.ledger.acks = {{5, "cluster", seconds{1}}};
  bench.now += seconds{5};
  bench.step();
  REQUIRE(bench.leadership.acks().size() == 1);
  CHECK(bench.leadership.acks()[0].at == bench.now - seconds{1});
}

TEST_CASE("leadership: how many sessions were ended comes with the renewal, for a standby too") {
  LeaderBench bench;
  bench.ledger.sessions_ended = 7;
  bench.ledger.lease.ours = GENERATE(true, false);
  CHECK(bench.leadership.sessions_ended() == 0);
  bench.step();
  CHECK(bench.leadership.sessions_ended() == 7);
}

TEST_CASE("leadership: without a ledger nobody leads, and nothing is barred") {
  boost::asio::io_context io;
  Leadership leadership(nullptr, seconds{5});
  CHECK(testing::run_coroutine(io, leadership.step(TimePoint{}, seconds{1})) ==
        Leadership::Turn::none);
  CHECK_FALSE(leadership.leader());
  CHECK(leadership.bar() == ForwardBar::none);
}

}  // namespace homeostat
