// SPDX-License-Identifier: Apache-2.0
// What `explain` says.
#include "controller/cli/text/explain_text.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "controller/cli/text/gate_text.hpp"
#include "policies/model/codec.hpp"
#include "tests/controller/api/reports.hpp"
#include "tests/controller/cli/verdicts.hpp"

using namespace homeostat;
using namespace homeostat::testing;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

TEST_CASE("explain: a quiet evaluation shows what held it back, and by how much") {
  CHECK(text::explain(quiet_verdict(), kWall) ==
        "circuit-breaker on cluster, 2026-01-01 12:00:05 UTC\n"
        "  mode   shadow (decides and records, touches nothing)\n"
        "  state  closed, no rung engaged\n"
        "\n"
        "Nothing to do: pg_blocked_ratio: cusum S 0.41 of 1.00: 0.59 short; pg_blocked_ratio: "
        "mean over the backstop's window 0.15, must exceed 0.2: 0.05 short.\n"
        "\n"
        "Measured\n"
        "  pg_blocked_ratio  3 of 40 = 0.075  folded 0.0777; S 0.41; long mean 0.15  neither "
        "tripped nor clear\n"
        "\n"
        "Gates (what each wants, and by how much it is short)\n"
        "  yes  freshness  pg_blocked_ratio: measured 800 ms ago, at most 10 s\n"
        "  no   trip       pg_blocked_ratio: cusum S 0.41 of 1.00: 0.59 short\n"
        "  no   backstop   pg_blocked_ratio: mean over the backstop's window 0.15, must exceed "
        "0.2: 0.05 short\n");
}

TEST_CASE("explain: a trend and an absence say what they lack") {
  Verdict verdict;
  verdict.kind = PolicyKind::alert;
  verdict.evidence = {lock_wait(7), lock_wait(7)};
  verdict.evidence[0].rise = 3;
  verdict.gates = {{GateKind::rise, 0, 3, 10, -7, false},
                   {GateKind::absent_for, 1, 0, 300, -300, false}};
  CHECK(text::reason(verdict, nullptr) ==
        "Nothing to do: pg_lock_wait_max_seconds: rose by 3 s of 10 s: 7 s short; "
        "pg_lock_wait_max_seconds: absent for 0 s of 5 min: 5 min to go.");
  CHECK_THAT(text::explain(verdict, kWall), Contains("judged 7 s; rise 3 s"));
  verdict.gates = {{GateKind::window, 0, 40, 240, -200, false}};
  CHECK(text::reason(verdict, nullptr) ==
        "Nothing to do: pg_lock_wait_max_seconds: its rise is not known yet: the window holds 40 s "
        "of 4 min: 3 min 20 s to go.");
}

TEST_CASE("explain: what is absent trips a test of absence and is held by any other") {
  Verdict verdict;
  verdict.kind = PolicyKind::alert;
  verdict.step = Step::fired;
  Evidence gone;
  gone.signal = "pg_lock_wait_max_seconds";
  gone.reason = AbsentReason::timeout;
  verdict.evidence = {gone, gone};
  verdict.evidence[1].tripped = true;
  CHECK(text::reason(verdict, nullptr) ==
        "Fires: pg_lock_wait_max_seconds unknown: the probe did not answer in time.");
  CHECK_THAT(text::explain(verdict, kWall), Contains("held") && Contains("tripped"));
  verdict.step = Step::unknown;
  verdict.evidence[1].tripped = false;
  CHECK(text::reason(verdict, nullptr) ==
        "Cannot tell, so everything stays as it is: unknown is pg_lock_wait_max_seconds (the probe "
        "did not answer in time).");
}

TEST_CASE("explain: evidence enough to trip that did not count says why it did not") {
  auto verdict = quiet_verdict();
  verdict.evidence = {blocked_ratio(1.2, false)};
  verdict.gates = {{GateKind::trip, 0, 1.2, 1, 0.2, true},
                   {GateKind::backstop, 0, 0.15, 0.2, -0.05, false},
                   {GateKind::not_clear, 0, 0.142, 0.15, -0.008, false}};
  CHECK(text::reason(verdict, nullptr) ==
        "Nothing to do: pg_blocked_ratio: counts only while not clear: 0.142, must exceed 0.15: "
        "0.008 short.");
  verdict.evidence = {lock_wait(7)};
  verdict.gates = {{GateKind::trip, 0, 7, 5, 2, true},
                   {GateKind::max_open, 0, 3900, 3600, -300, false}};
  CHECK(text::reason(verdict, nullptr) ==
        "Nothing to do: pg_lock_wait_max_seconds: tripped for 1 h 5 min of 1 h: ignored until it "
        "has been clear, 5 min past its time.");
}

TEST_CASE("explain: what it wanted and may not is told apart from what it did") {
  auto verdict = quiet_verdict();
  verdict.mode = Mode::enforce;
  verdict.share = 1;
  verdict.evidence = {blocked_ratio(1.2, true)};
  verdict.gates = {{GateKind::trip, 0, 1.2, 1, 0.2, true},
                   {GateKind::backstop, 0, 0.15, 0.2, -0.05, false},
                   {GateKind::policy_budget, -1, 0, 1, -1, false}};
  verdict.step = Step::blocked;
  CHECK(text::reason(verdict, nullptr) ==
        "Would act, for pg_blocked_ratio 3 of 40 = 0.075 (folded 0.0777; S 1.20; long mean 0.15), "
        "but may not: no forward act left to this policy in this budget window.");

  verdict.step = Step::opened;
  verdict.state = BreakerState::open;
  verdict.rung = verdict.took = 1;
  verdict.hold = 60s;
  verdict.trips = 1;
  const auto text = text::explain(verdict, kWall, breaker_json());
  CHECK_THAT(text, Contains("Opened and took rung 1 of 2 (feature class/batch: admit 0 %): "
                            "pg_blocked_ratio 3 of 40 = 0.075"));
  CHECK_THAT(text, Contains("open, up to rung 1 of 2 engaged; hold 1 min, 1 trip\n"));
  CHECK_THAT(text, Contains("enforce (acts)"));
}

TEST_CASE("explain: a rung that is benched is named with what is left, where it matters") {
  auto verdict = quiet_verdict();
  verdict.evidence = {blocked_ratio(1.2, true)};
  Gate benched{GateKind::benched, -1, 540, 0, -540, false};
  benched.rung = 1;
  verdict.gates = {benched, {GateKind::rungs, -1, 1, 1, 0, true}};
  verdict.step = Step::opened;
  verdict.state = BreakerState::open;
  verdict.rung = verdict.took = 2;
  CHECK_THAT(text::reason(verdict, nullptr),
             Contains("took rung 2 of 2: ") &&
                 Contains("Passed over: rung 1 is benched for another 9 min: it did not help"));

  verdict.step = Step::blocked;
  verdict.gates.push_back({GateKind::policy_budget, -1, 0, 1, -1, false});
  CHECK_THAT(text::reason(verdict, nullptr),
             Contains("but may not: no forward act left to this policy"));
  verdict.gates = {benched, {GateKind::rungs, -1, 0, 1, -1, false}};
  CHECK_THAT(text::reason(verdict, nullptr),
             Contains("but may not: rung 1 is benched for another 9 min") &&
                 Contains("no rung left to climb."));

  verdict.step = Step::holding;
  verdict.rung = 0;
  CHECK_THAT(text::reason(verdict, nullptr), Contains("Open, with nothing engaged"));
}

TEST_CASE("explain: says how the last act was judged, with the numbers") {
  const Effect judged{"circuit-breaker",
                      Subject{},
                      "pg_blocked_ratio",
                      ExpectedMove::falls_by,
                      0.2,
                      1,
                      TimePoint{40s},
                      TimePoint{220s},
                      0.79,
                      0.12,
                      EffectOutcome::effective,
                      EffectDoubt::none};
  CHECK_THAT(text::explain(quiet_verdict(), kWall, breaker_json(), judged),
             Contains("The last act that was judged, rung 1 (feature class/batch: admit 0 %): "
                      "pg_blocked_ratio 0.79 -> 0.12 in 3 min: effective (promised: falls by "
                      "20 %).\n"));
}

TEST_CASE("explain: holding, giving back, closing and not knowing each have their sentence") {
  auto verdict = quiet_verdict();
  verdict.state = BreakerState::open;
  verdict.rung = 2;
  verdict.step = Step::holding;
  verdict.gates.push_back({GateKind::hold, -1, 20, 60, -40, false});
  verdict.gates.push_back({GateKind::clear_for, 0, 70, 60, 10, true});
  CHECK(text::reason(verdict, nullptr) == "Holds rung 2 of 2: held for 20 s of 1 min: 40 s to go.");

  verdict.gates.push_back({GateKind::climb_above, 0, 0.176, 0.2, -0.024, false});
  CHECK_THAT(text::reason(verdict, nullptr),
             Contains("40 s to go; pg_blocked_ratio: climbs only while above ref: 0.176, must "
                      "exceed 0.2: 0.024 short."));

  verdict.evidence = {blocked_ratio(1.5, true)};
  verdict.gates = {{GateKind::trip, 0, 1.5, 1, 0.5, true}, {GateKind::rungs, -1, 0, 1, -1, false}};
  CHECK_THAT(text::reason(verdict, nullptr),
             Contains("Holds rung 2 of 2, the last it may take, for pg_blocked_ratio 3 of 40"));

  verdict.step = Step::restored;
  verdict.rung = 1;
  CHECK(text::reason(verdict, nullptr) == "Gave back what stood above rung 1; rung 1 of 2 stays.");
  verdict.admitted = 0.25;
  CHECK(text::reason(verdict, nullptr) == "Gave back a step of rung 1: it admits 25 % now.");
  verdict.step = Step::closed;
  CHECK(text::reason(verdict, nullptr) == "Closed: everything is given back.");

  verdict.step = Step::unknown;
  verdict.evidence[0].quality = Quality::absent;
  verdict.evidence[0].reason = AbsentReason::missing_privilege;
  CHECK(text::reason(verdict, nullptr) ==
        "Cannot tell, so everything stays as it is: unknown is pg_blocked_ratio (the monitor role "
        "lacks a GRANT).");
  CHECK_THAT(text::explain(verdict, kWall), Contains("unknown: the monitor role lacks a GRANT"));
  verdict.evidence[0].reason = AbsentReason::stale;
  verdict.gates = {{GateKind::freshness, 0, 25, 5, -20, false}};
  CHECK(text::reason(verdict, nullptr) ==
        "Cannot tell, so everything stays as it is: unknown is pg_blocked_ratio (the last reading "
        "is too old); pg_blocked_ratio: measured 25 s ago, at most 5 s: 20 s too old.");
}

TEST_CASE("explain: an idle system is said to be idle, an alert to fire") {
  auto verdict = quiet_verdict();
  verdict.gates.clear();
  verdict.evidence[0].quality = Quality::empty;
  verdict.evidence[0].judged.reset();
  CHECK(text::reason(verdict, nullptr) == "Nothing to do: pg_blocked_ratio idle: 0 of 0.");

  verdict.kind = PolicyKind::alert;
  verdict.rungs = 0;
  verdict.step = Step::fired;
  verdict.state = BreakerState::open;
  verdict.evidence = {lock_wait(75)};
  verdict.evidence[0].tripped = true;
  const auto text = text::explain(verdict, kWall);
  CHECK_THAT(text, Contains("Fires: pg_lock_wait_max_seconds 1 min 15 s"));
  CHECK_THAT(text, Contains("state  firing\n"));
  CHECK_THAT(text, Contains("(tells, does nothing)"));
}

TEST_CASE("a regulator's verdict says where the lever was set, and what limited it") {
  Verdict verdict;
  verdict.policy = "batch-window";
  verdict.kind = PolicyKind::regulator;
  verdict.step = Step::adjusted;
  verdict.value = 0.1;
  verdict.target = 0.1;
  verdict.gates.push_back({GateKind::upper_bound, -1, 0.5, 0.1, -0.4, false});
  CHECK(text::reason(verdict, nullptr) ==
        "Set to 0.1: computed 0.5, at most 0.1: kept at the bound.");
  CHECK_THAT(text::explain(verdict, kWall), Contains("stands at 0.1"));

  verdict.step = Step::holding;
  verdict.gates = {{GateKind::dead_band, -1, 0.004, 0.01, -0.006, false}};
  CHECK(text::reason(verdict, nullptr) ==
        "Stands at 0.1: a move by 0.004, the least is 0.01: within the dead-band.");

  verdict.step = Step::blocked;
  verdict.target = 0.05;
  verdict.bar = ForwardBar::paused;
  verdict.gates = {{GateKind::bar, -1, 0, 1, -1, false}};
  CHECK(text::reason(verdict, nullptr) ==
        "Would move to 0.05, but may not: forward acts barred: paused by an operator.");

  verdict.step = Step::unknown;
  verdict.evidence.emplace_back();
  verdict.evidence.back().signal = "rate";
  verdict.evidence.back().reason = AbsentReason::timeout;
  CHECK(text::reason(verdict, nullptr) ==
        "Held at 0.1: unknown is rate (the probe did not answer in time).");
  verdict.value.reset();
  CHECK_THAT(text::explain(verdict, kWall), Contains("sets nothing yet"));
}

TEST_CASE("explain: in one paragraph what was decided, what it touched and what comes next") {
  auto verdict = quiet_verdict();
  auto known = breaker();
  known.open.arms[0].clear_level = 0.15;
  known.ladder.push_back(known.ladder[0]);
  known.ladder[1].target = "class/non_critical";
  const auto policy = to_json(known);
  const auto one_line = [&] {
    const auto text = text::explain(verdict, kWall, policy, std::nullopt);
    const auto begin = text.find("\n\n") + 2;
    return text.substr(begin, text.find("\n\n", begin) - begin);
  };
  CHECK_THAT(one_line(), Contains("Nothing to do") && !Contains("touched") &&
                             Contains("The first to be taken is rung 1 (feature class/batch"));
  verdict.step = Step::opened;
  verdict.state = BreakerState::open;
  verdict.rung = verdict.took = 1;
  verdict.rungs = 2;
  verdict.hold = 60s;
  CHECK_THAT(
      one_line(),
      Contains("It is in shadow: nothing of this was touched. While it stays beyond, rung 2 "
               "(feature class/non_critical: admit 0 %) follows 30 s after the last. It gives "
               "back from 1 min after it opened, with pg_blocked_ratio below 0.15 for 1 min"));
  verdict.mode = Mode::canary;
  verdict.share = 0.01;
  CHECK_THAT(one_line(), Contains("In canary only 1 % of it is acted on."));
  verdict.mode = Mode::enforce;
  verdict.share = 1;
  verdict.rung = 2;
  CHECK_THAT(one_line(), !Contains("touched") && !Contains("follows"));
  verdict.state = BreakerState::half_open;
  CHECK_THAT(one_line(), Contains("The next step back comes after 30 s, while pg_blocked_ratio"));
}
