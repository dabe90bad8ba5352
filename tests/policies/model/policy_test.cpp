// SPDX-License-Identifier: Apache-2.0
#include "policies/model/policy.hpp"

#include <catch2/catch.hpp>

using namespace homeostat;

namespace {

Duration seconds(double count) { return from_seconds(count); }

/// Every duration and every other number set, each to something of its own.
Policy full_policy(int speed_up) {
  const auto time = [&](double count) { return seconds(count) / speed_up; };
  Arm level;
  level.signal = "gauge";
  level.test = LevelTest{Comparison::below, 0.5, time(90), 3};
  level.clear_level = 0.9;
  level.clear_for = time(61);
  level.smooth = time(7);
  level.aggregate = Aggregate::min;
  level.max_rung = 1;
  level.max_open = time(3600);
  Arm cusum;
  cusum.signal = "ratio";
  cusum.test = CusumTest{0.2, 1, 0.15, 4, 0.08};
  cusum.clear_for = time(62);
  Arm trend;
  trend.signal = "gauge";
  trend.test = TrendTest{100, time(300), time(301)};
  trend.clear_for = time(64);
  Arm absence;
  absence.signal = "gauge";
  absence.test = AbsenceTest{time(302)};
  absence.clear_for = time(65);
  Policy policy;
  policy.name = "p";
  policy.kind = PolicyKind::alert;
  policy.mode = Mode::enforce;
  policy.every = time(31);
  policy.open = {Combination::all, {level, cusum, trend, absence}};
  policy.ladder = {{"feature", "class/x", {{{"admit", 0.5}, {"window", 30.0}}}, time(121)},
                   {"feature", "class/y", {}, time(122)}};
  policy.climb_after = time(32);
  policy.hold = {time(63), 3, time(481)};
  policy.restore = {{0.1, 1.0}, time(33)};
  policy.expect = Expectation{"ratio", ExpectedMove::rises_by, 0.3, time(180)};
  policy.alert = AlertSpec{"page", {{"a", "b"}}, {}, "https://runbook"};
  policy.bench = {time(900), 3, time(14400), 4};
  policy.canary = {{{0.02, time(3600)}, {0.2, time(7200)}}, 5, 0.1};
  policy.limits = {4, 0.5};
  policy.priority = 7;
  policy.blocked_while = {"q"};
  policy.hash = "h";
  Job job;
  job.windows.resize(1);
  job.windows[0].times = {{180, 420}};
  job.at_most_every = time(604800);
  job.budget = {time(492), 49e9};
  job.deadline = time(1200);
  job.cooldown = time(86400);
  policy.job = job;
  return policy;
}

}  // namespace

TEST_CASE("speed-up: every duration of a policy is divided and nothing else changes") {
  CHECK(sped_up(full_policy(1), 10) == full_policy(10));
  CHECK(sped_up(full_policy(1), 1) == full_policy(1));
}

TEST_CASE("speed-up: durations that are not given stay that way") {
  Policy policy;
  policy.open.arms.resize(1);
  const auto fast = sped_up(policy, 10);
  CHECK_FALSE(fast.open.arms[0].smooth);
  CHECK_FALSE(fast.open.arms[0].max_open);
  CHECK_FALSE(std::get<LevelTest>(fast.open.arms[0].test).hold_for);
  CHECK_FALSE(fast.expect);
}

TEST_CASE("speed-up: every duration of the settings is divided and nothing else changes") {
  EngineSettings settings{seconds(1), seconds(5),    seconds(10), seconds(300), seconds(3600), 12,
                          25,         seconds(7200), 20,          4e9,          seconds(86400)};
  const EngineSettings fast{seconds(0.1), seconds(0.5), seconds(1), seconds(30), seconds(360), 12,
                            25,           seconds(720), 20,         4e9,         seconds(8640)};
  CHECK(sped_up(settings, 10) == fast);
}

TEST_CASE("policy: names of kinds, modes and moves read back") {
  for (const auto kind :
       {PolicyKind::breaker, PolicyKind::regulator, PolicyKind::job, PolicyKind::alert}) {
    CHECK(parse_policy_kind(to_text(kind)) == kind);
  }
  for (const auto mode : {Mode::off, Mode::shadow, Mode::canary, Mode::enforce}) {
    CHECK(parse_mode(to_text(mode)) == mode);
  }
  for (const auto move :
       {ExpectedMove::falls_by, ExpectedMove::rises_by, ExpectedMove::above, ExpectedMove::below}) {
    CHECK(parse_expected_move(to_text(move)) == move);
  }
  CHECK(to_text(Mode::enforce) == "enforce");
  CHECK_FALSE(parse_mode("Enforce"));
  CHECK_FALSE(parse_policy_kind(""));
}

TEST_CASE("policy: modes rise in power") {
  CHECK(Mode::off < Mode::shadow);
  CHECK(Mode::shadow < Mode::canary);
  CHECK(Mode::canary < Mode::enforce);
}
