// SPDX-License-Identifier: Apache-2.0
// The loop over fakes: what it does when the world around it fails. The real world is in
// tests/integration.
#include "controller/loop/supervisor.hpp"

#include <spdlog/logger.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <catch2/catch.hpp>
#include <functional>
#include <memory>
#include <thread>

#include "controller/loop/system_clock.hpp"
#include "tests/support/fakes.hpp"
#include "tests/support/run.hpp"

namespace homeostat {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

PolicySet one_breaker() {
  Arm arm;
  arm.signal = "pg_blocked_ratio";
  CusumTest cusum;
  cusum.ref = 0.2;
  arm.test = cusum;
  arm.clear_level = 0.15;
  Policy policy;
  policy.name = "circuit-breaker";
  policy.mode = Mode::enforce;
  policy.hash = "0123456789abcdef";
  policy.open.arms = {arm};
  for (const auto* target : {"class/rebuildable", "class/batch"}) {
    Act act;
    act.lever = "feature";
    act.target = target;
    act.value.arguments["admit"] = 0.0;
    policy.ladder.push_back(act);
  }
  AlertSpec alert;
  alert.severity = "page";
  policy.alert = alert;
  PolicySet set;
  set.policies = {policy};
  set.signals["pg_blocked_ratio"].shape = SignalShape::ratio;
  set.levers["feature"] = {};
  return set;
}

struct Bench {
  boost::asio::io_context io;
  fakes::FakeClock clock;
  fakes::FakeProbe probe{"main"};
  fakes::FakeLever lever;
  fakes::FakeLedger ledger;
  fakes::FakeJournal journal;
  fakes::FakeAlertSink alerts;
  spdlog::logger log{"test"};
  std::unique_ptr<Supervisor> supervisor;

  Bench() { start(one_breaker(), {&lever}); }

  static SupervisorSettings settings() {
    SupervisorSettings made;
    made.mode_ceiling = Mode::enforce;
    made.ledger_node = {SubjectKind::node, "main"};
    made.features = {{"monthly_report", "batch"}};
    return made;
  }
  void start(PolicySet policies, std::vector<Lever*> levers) {
    SupervisorParts parts{clock,   journal, log, {&probe}, std::move(levers),
                          &ledger, &alerts, {},  {}};
    supervisor = std::make_unique<Supervisor>(std::move(parts), settings(), std::move(policies));
  }

  void run_for(Duration span) {
    for (auto left = span; left > Duration{}; left -= seconds{1}) {
      clock.advance(seconds{1});
      testing::run_coroutine(io, supervisor->step(clock.now()));
    }
  }
  void calm() {
    probe.blocked = 0;
    probe.open = 20;
  }
  void storm() {
    probe.blocked = 26;
    probe.open = 32;
  }
  bool shed(const std::string& target) { return !lever.targets[target].baseline(); }
};

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
  const auto breaker_alone = one_breaker();
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
  bench.storm();
  bench.run_for(seconds{50});
  REQUIRE(bench.shed("class/rebuildable"));
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
  auto policies = one_breaker();
  policies.settings.sample_every = std::chrono::milliseconds{2};
  const SupervisorParts parts{clock, journal, log, {&probe}, {}, nullptr, nullptr, {}, {}};
  Supervisor supervisor{parts, Bench::settings(), policies};
  probe.give_up = [&] { supervisor.request_stop(); };
  boost::asio::steady_timer told{io, std::chrono::milliseconds{20}};
  told.async_wait([&](boost::system::error_code) { supervisor.request_stop(); });
  testing::run_coroutine(io, supervisor.run());
  CHECK(probe.samples < 1000);
}

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
  bench.supervisor->replace(Bench::settings(), one_breaker());  // of before, says nothing of later
  bench.run_for(seconds{1});
  serve("2/melodyud@200");
  bench.storm();
  bench.run_for(minutes{3});
  CHECK(bench.lever.changes.empty());
  const auto report = bench.supervisor->report();
  CHECK(report->bar == ForwardBar::identity_changed);
  CHECK_THAT(report->bar_detail, Catch::Contains("2/melodyud") && Catch::Contains("1/melodyud") &&
                                     Catch::Contains("homeostat doctor"));
  bench.supervisor->replace(Bench::settings(), one_breaker());
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

TEST_CASE("supervisor: a failing probe freezes the breaker and is named (H1, H9)") {
  Bench bench;
  bench.storm();
  bench.run_for(seconds{50});
  REQUIRE(bench.shed("class/rebuildable"));
  bench.probe.failure = Error{ErrorCode::timeout, "no answer", {}};
  bench.run_for(minutes{5});
  CHECK(bench.shed("class/rebuildable"));
  CHECK_FALSE(bench.shed("class/batch"));
  const auto report = bench.supervisor->report();
  REQUIRE(report->probes.size() == 1);
  CHECK_FALSE(report->probes[0].up);
  CHECK(report->probes[0].error == "no answer");
}

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
  bench.start(one_breaker(), {&bench.lever});
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
  memory.policy_hash = one_breaker().policies[0].hash;
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
  bench.storm();
  bench.run_for(seconds{50});
  REQUIRE(bench.shed("class/rebuildable"));
  SupervisorSettings settings;
  settings.mode_ceiling = Mode::enforce;
  PolicySet none = one_breaker();
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
  bench.supervisor->replace(settings, one_breaker());
  bench.run_for(seconds{2});
  CHECK(bench.shed("class/rebuildable"));
}

TEST_CASE("supervisor: a reload in the middle of a step takes effect with the next one") {
  Bench bench;
  bench.storm();
  bench.run_for(seconds{50});
  PolicySet none = one_breaker();
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
  bench.storm();
  bench.run_for(seconds{50});
  REQUIRE(bench.shed("class/rebuildable"));
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

TEST_CASE("supervisor: for a successor that does not act, it reverts whatever on_exit says") {
  Bench bench;
  SupervisorSettings keep;
  keep.mode_ceiling = Mode::enforce;
  keep.revert_on_exit = false;
  bench.supervisor->replace(keep, one_breaker());
  bench.storm();
  bench.run_for(seconds{50});
  REQUIRE(bench.shed("class/rebuildable"));
  bench.supervisor->request_stop(Leaving::revert);
  testing::run_coroutine(bench.io, bench.supervisor->run());
  CHECK_FALSE(bench.shed("class/rebuildable"));
  CHECK(bench.ledger.released);
}

TEST_CASE("supervisor: on exit it reverts, resolves its alerts and releases the lease") {
  Bench bench;
  bench.storm();
  bench.run_for(seconds{50});
  REQUIRE(bench.shed("class/rebuildable"));
  bench.supervisor->request_stop();
  testing::run_coroutine(bench.io, bench.supervisor->run());
  CHECK_FALSE(bench.shed("class/rebuildable"));
  CHECK(bench.ledger.released);
  REQUIRE(bench.alerts.last.has_value());
  CHECK(bench.alerts.last->empty());
}

TEST_CASE("supervisor: an exit in the middle of a doubt still gives back (H13)") {
  Bench bench;
  bench.storm();
  bench.run_for(seconds{50});
  REQUIRE(bench.shed("class/rebuildable"));
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

TEST_CASE("supervisor: in shadow it counts what it would have done and needs no ledger") {
  Bench bench;
  auto policies = one_breaker();
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

}  // namespace homeostat
