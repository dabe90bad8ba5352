// SPDX-License-Identifier: Apache-2.0
// A supervisor over fakes, with one breaker of two rungs.
#pragma once

#include <spdlog/logger.h>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "controller/loop/supervisor.hpp"
#include "tests/support/fakes.hpp"
#include "tests/support/run.hpp"

namespace homeostat::testing {

inline PolicySet two_rung_breaker() {
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

  Bench() { start(two_rung_breaker(), {&lever}); }

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
    for (auto left = span; left > Duration{}; left -= std::chrono::seconds{1}) {
      clock.advance(std::chrono::seconds{1});
      run_coroutine(io, supervisor->step(clock.now()));
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
  /// A storm of such a length that the first rung, and no other, is taken.
  void shed_first_rung() {
    storm();
    run_for(std::chrono::seconds{50});
    REQUIRE(shed("class/rebuildable"));
  }
  bool shed(const std::string& target) { return !lever.targets[target].baseline(); }
};

}  // namespace homeostat::testing
