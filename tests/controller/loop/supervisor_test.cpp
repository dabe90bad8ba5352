// SPDX-License-Identifier: Apache-2.0
// The loop over fakes: what it does when the world around it fails. The real world is in
// tests/integration.
#include <boost/asio/steady_timer.hpp>
#include <catch2/catch.hpp>
#include <functional>
#include <thread>

#include "controller/loop/system_clock.hpp"
#include "tests/controller/loop/supervisor_bench.hpp"

namespace homeostat {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::Bench;
using testing::two_rung_breaker;

}  // namespace

TEST_CASE("supervisor: sheds in a storm, rung by rung, and gives everything back after it") {
  Bench bench;
  bench.calm();
  bench.run_for(seconds{60});
  CHECK(bench.lever.changes.empty());
  bench.storm();
  bench.run_for(seconds{50});
  CHECK(bench.shed("class/rebuildable"));
  CHECK_FALSE(bench.shed("class/batch"));
  bench.run_for(seconds{40});
  CHECK(bench.shed("class/batch"));
  CHECK(bench.supervisor->report()->feature_share.at("monthly_report") == 0);
  bench.calm();
  bench.run_for(minutes{6});
  CHECK_FALSE(bench.shed("class/rebuildable"));
  CHECK_FALSE(bench.shed("class/batch"));
  CHECK(bench.supervisor->report()->feature_share.at("monthly_report") == 1);
}

TEST_CASE("supervisor: what settles last goes back when the last breaker is closed, not before") {
  Bench bench;
  fakes::FakeLever planner{"planner_profile"};
  const auto breaker_alone = two_rung_breaker();
  auto both = breaker_alone;
  both.levers["planner_profile"].settles_last = true;
  Policy contention = both.policies[0];
  contention.name = "lock-contention";
  Act act;
  act.lever = "planner_profile";
  act.target = "profile/contention";
  act.value.arguments["reporting/jit"] = std::string{"off"};
  contention.ladder = {act};
  both.policies.push_back(contention);
  bench.start(both, {&bench.lever, &planner});
  auto without = both;
  without.policies.pop_back();

  bench.storm();
  bench.run_for(seconds{60});
  const auto& standing = planner.targets["profile/contention"];
  REQUIRE(standing == act.value);
  REQUIRE(bench.shed("class/rebuildable"));
  bench.supervisor->replace(bench.settings(), without);  // nobody wants the profile any more
  bench.run_for(minutes{2});
  CHECK(standing == act.value);
  CHECK(bench.supervisor->report()->levers.back().held);
  bench.calm();
  bench.run_for(minutes{1});
  CHECK(standing == act.value);
  bench.run_for(minutes{10});
  CHECK_FALSE(bench.shed("class/rebuildable"));
  CHECK(standing.baseline());
}

TEST_CASE("supervisor: an instance that does not lead samples, and never acts") {
  Bench bench;
  bench.ledger.lease.ours = false;
  bench.ledger.lease.holder = "other:2";
  bench.storm();
  bench.run_for(minutes{3});
  CHECK(bench.lever.changes.empty());
  CHECK(bench.supervisor->report()->bar == ForwardBar::not_leader);
  CHECK(bench.supervisor->report()->lease_holder == "other:2");
}

TEST_CASE("supervisor: without the ledger it keeps running and acts on nothing (S7)") {
  Bench bench;
  bench.ledger.failure = Error{ErrorCode::unavailable, "connection refused", {}};
  bench.storm();
  bench.run_for(minutes{3});
  CHECK(bench.lever.changes.empty());
  CHECK(bench.supervisor->report()->bar == ForwardBar::ledger_lost);
  bench.ledger.failure.reset();
  bench.run_for(minutes{2});
  CHECK(bench.shed("class/rebuildable"));
}

TEST_CASE("supervisor: with the journal's disk full it makes no forward act, and reverts (H39)") {
  Bench bench;
  bench.shed_first_rung();
  bench.journal.full = true;
  bench.run_for(minutes{2});
  CHECK_FALSE(bench.shed("class/batch"));
  CHECK(bench.supervisor->report()->bar == ForwardBar::journal_unusable);
  bench.calm();
  bench.run_for(minutes{6});
  CHECK_FALSE(bench.shed("class/rebuildable"));
}

TEST_CASE("supervisor: a disk that fills up in quiet steps is noticed before a forward act (H39)") {
  Bench bench;
  bench.journal.holds_back = true;
  bench.journal.full = true;
  bench.storm();
  bench.run_for(seconds{90});
  CHECK(bench.lever.changes.empty());
  CHECK(bench.supervisor->report()->bar == ForwardBar::journal_unusable);
}

TEST_CASE("supervisor: pauses are asked for with each renewal, and once more before an act (H37)") {
  Bench bench;
  bench.storm();
  bench.run_for(seconds{30});
  CHECK(bench.ledger.pauses_asked == bench.ledger.asked);
  bench.run_for(seconds{20});
  REQUIRE(bench.shed("class/rebuildable"));
  CHECK(bench.ledger.pauses_asked == bench.ledger.asked + 1);
}

TEST_CASE("supervisor: while the cluster is paused nothing moves forward (H37, S7)") {
  Bench bench;
  bench.ledger.standing_pauses = {{"cluster", "alice", "index build", {}, minutes{10}}};
  bench.storm();
  bench.run_for(minutes{2});
  CHECK(bench.lever.changes.empty());
  CHECK(bench.supervisor->report()->bar == ForwardBar::paused);
  CHECK(bench.supervisor->report()->bar_detail == "by alice for another 10m: index build");
}

TEST_CASE("supervisor: a pause of a policy holds it at the choke point, too (H37)") {
  Bench bench;
  bench.ledger.standing_pauses = {{"policy/circuit-breaker", "alice", "test", {}, minutes{10}}};
  bench.storm();
  bench.run_for(minutes{2});
  CHECK(bench.lever.changes.empty());
  CHECK(bench.supervisor->report()->bar == ForwardBar::none);
}

TEST_CASE("supervisor: ticks that were left out are counted") {
  Bench bench;
  bench.run_for(seconds{31});
  CHECK(bench.supervisor->report()->ticks_skipped == 0);
  bench.clock.advance(seconds{95});
  bench.run_for(seconds{1});
  CHECK(bench.supervisor->report()->ticks_skipped == 2);
}

TEST_CASE("supervisor: steps that all take too long leave time to be told to stop") {
  // More than a step, each time; gives up by itself, for the loop would never.
  struct SlowProbe : fakes::FakeProbe {
    using fakes::FakeProbe::FakeProbe;
    boost::asio::awaitable<Result<Reading>> sample(TimePoint now, Duration deadline) override {
      std::this_thread::sleep_for(std::chrono::milliseconds{3});
      if (++samples == 1000) give_up();
      auto reading = co_await fakes::FakeProbe::sample(now, deadline);
      co_return reading;
    }
    int samples = 0;
    std::function<void()> give_up;
  };
  boost::asio::io_context io;
  const SystemClock clock;
  SlowProbe probe{"main"};
  fakes::FakeJournal journal;
  spdlog::logger log{"test"};
  auto policies = two_rung_breaker();
  policies.settings.sample_every = std::chrono::milliseconds{2};
  const SupervisorParts parts{clock, journal, log, {&probe}, {}, nullptr, nullptr, {}, {}};
  Supervisor supervisor{parts, Bench::settings(), policies};
  probe.give_up = [&] { supervisor.request_stop(); };
  boost::asio::steady_timer told{io, std::chrono::milliseconds{20}};
  told.async_wait([&](boost::system::error_code) { supervisor.request_stop(); });
  testing::run_coroutine(io, supervisor.run());
  CHECK(probe.samples < 1000);
}

TEST_CASE("supervisor: a failing probe freezes the breaker and is named (H1, H9)") {
  Bench bench;
  bench.shed_first_rung();
  bench.probe.failure = Error{ErrorCode::timeout, "no answer", {}};
  bench.run_for(minutes{5});
  CHECK(bench.shed("class/rebuildable"));
  CHECK_FALSE(bench.shed("class/batch"));
  const auto report = bench.supervisor->report();
  REQUIRE(report->probes.size() == 1);
  CHECK_FALSE(report->probes[0].up);
  CHECK(report->probes[0].error == "no answer");
}

TEST_CASE("supervisor: in shadow it counts what it would have done and needs no ledger") {
  Bench bench;
  auto policies = two_rung_breaker();
  policies.policies[0].mode = Mode::shadow;
  SupervisorParts parts{
      bench.clock, bench.journal, bench.log, {&bench.probe}, {}, nullptr, &bench.alerts, {}, {}};
  Supervisor shadow(std::move(parts), SupervisorSettings{}, policies);
  bench.storm();
  for (int i = 0; i < 60; ++i) {
    bench.clock.advance(seconds{1});
    testing::run_coroutine(bench.io, shadow.step(bench.clock.now()));
  }
  CHECK(bench.ledger.asked == 0);
  CHECK(shadow.report()->would_acts.at({"circuit-breaker", "feature"}) == 1);
  CHECK(shadow.report()->would.size() == 1);
  CHECK(shadow.report()->desired.empty());
}

TEST_CASE("supervisor: the journal holds every sample, verdict and act of a step") {
  Bench bench;
  bench.storm();
  bench.run_for(seconds{50});
  std::size_t samples = 0;
  std::size_t opened = 0;
  std::size_t applied = 0;
  for (const auto& step : bench.journal.steps) {
    samples += step.samples.size();
    for (const auto& verdict : step.verdicts) opened += verdict.step == Step::opened ? 1 : 0;
    for (const auto& act : step.acts) applied += act.kind == ChangeKind::apply ? 1 : 0;
  }
  CHECK(samples == 100);  // 50 steps of one ratio and probe_up
  CHECK(opened == 1);
  CHECK(applied == 1);
}

TEST_CASE("supervisor: what was ended and moved before it led counts, and is passed on (S6)") {
  Bench bench;
  const MovedBytes moved{"gone", {}, bench.clock.now() - minutes{60}, bench.clock.now(), 4e9};
  bench.ledger.sessions_ended = 7;
  bench.ledger.image.moved = {moved};
  bench.calm();
  bench.run_for(seconds{5});
  const auto& steps = bench.journal.steps;
  REQUIRE(steps.size() == 5);
  CHECK(steps.back().sessions_ended == 7);
  REQUIRE(steps.front().basis->resumed);
  CHECK(steps.front().basis->resumed->moved == std::vector{moved});
  CHECK(bench.supervisor->report()->amounts_remaining.at("sessions") == 13);
  bench.ledger.image.moved.clear();
  bench.storm();
  bench.run_for(seconds{50});  // opens, so that something is kept
  CHECK(bench.ledger.image.moved == std::vector{moved});
  bench.ledger.image.moved.clear();
  bench.supervisor->request_stop(Leaving::revert);
  testing::run_coroutine(bench.io, bench.supervisor->run());
  CHECK(bench.ledger.image.moved == std::vector{moved});
}

}  // namespace homeostat
