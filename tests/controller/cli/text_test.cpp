// SPDX-License-Identifier: Apache-2.0
// The smallest pieces that people read: numbers, tables, gates.
#include <catch2/catch.hpp>
#include <limits>
#include <nlohmann/json.hpp>

#include "controller/cli/text/gate_text.hpp"
#include "controller/cli/text/quantity.hpp"
#include "controller/cli/text/table.hpp"
#include "policies/model/codec.hpp"
#include "tests/controller/api/reports.hpp"
#include "tests/controller/cli/verdicts.hpp"

using namespace homeostat;
using namespace homeostat::testing;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

std::string said(const Verdict& verdict, const Gate& gate, const nlohmann::json& policy = nullptr) {
  return text::gate(verdict, gate, policy);
}

}  // namespace

TEST_CASE("text: numbers, durations and shares have the digits that matter") {
  CHECK(text::number(0.07771234) == "0.07771");
  CHECK(text::number(3) == "3");
  CHECK(text::number(1234567) == "1234567");
  CHECK(text::number(-0.5) == "-0.5");
  CHECK(text::number(std::numeric_limits<double>::quiet_NaN()) == "unknown");
  CHECK(text::seconds(0) == "0 s");
  CHECK(text::seconds(0.35) == "350 ms");
  CHECK(text::seconds(2.5) == "2.5 s");
  CHECK(text::seconds(5) == "5 s");
  CHECK(text::seconds(59.4) == "59 s");
  CHECK(text::seconds(90) == "1 min 30 s");
  CHECK(text::seconds(7500) == "2 h 5 min");
  CHECK(text::seconds(3 * 86'400 + 4 * 3600) == "3 d 4 h");
  CHECK(text::seconds(86'399) == "24 h");
  CHECK(text::seconds(-90) == "-1 min 30 s");
  CHECK(text::share(0.15) == "15 %");
  CHECK(text::share(0.0525) == "5.25 %");
  CHECK(text::utc(kWall) == "2026-01-01 12:00:05 UTC");
}

TEST_CASE("text: a value has the unit that its signal's name ends in") {
  CHECK(text::of_signal("pg_lock_wait_max_seconds", 75) == "1 min 15 s");
  CHECK(text::of_signal("pg_blocked_ratio", 0.075) == "0.075");
  CHECK(text::of_signal("disk_free_bytes", 4096) == "4096 B");
}

TEST_CASE("text: a table lines up and lets nothing steer the terminal") {
  CHECK(text::table({{"a", "bb", ""},
                     {"ccc", "d",
                      "\xc3\xbc"
                      "ber"}},
                    1) ==
        " a    bb\n ccc  d   \xc3\xbc"
        "ber\n");
  CHECK(text::table({{"\033[2Jx\nq"}}, 0) == "?[2Jx?q\n");
  CHECK(text::printable("a\xc2\x9b"
                        "31m") == "a?31m");
}

TEST_CASE("text: each gate says its value, its threshold and its margin") {
  auto verdict = quiet_verdict();
  verdict.evidence.push_back(lock_wait(3));
  verdict.bar = ForwardBar::ledger_lost;
  const auto policy = breaker_json();

  CHECK(said(verdict, {GateKind::trip, 0, 0.41, 1, -0.59, false}) ==
        "pg_blocked_ratio: cusum S 0.41 of 1.00: 0.59 short");
  CHECK(said(verdict, {GateKind::trip, 0, 1.2, 1, 0.2, true}) ==
        "pg_blocked_ratio: cusum S 1.20 of 1.00: tripped, 0.20 over");
  CHECK(said(verdict, {GateKind::trip, 1, 3, 5, -2, false}) ==
        "pg_lock_wait_max_seconds: 3 s, must exceed 5 s: 2 s short");
  CHECK(said(verdict, {GateKind::trip, 1, 7, 5, -2, false}) ==
        "pg_lock_wait_max_seconds: 7 s, must fall below 5 s: 2 s too high");
  CHECK(said(verdict, {GateKind::trip, 1, 75, 5, 70, true}) ==
        "pg_lock_wait_max_seconds: 1 min 15 s, above 5 s by 1 min 10 s");
  CHECK(said(verdict, {GateKind::backstop, 0, 0.15, 0.2, -0.05, false}) ==
        "pg_blocked_ratio: mean over the backstop's window 0.15, must exceed 0.2: 0.05 short");
  CHECK(said(verdict, {GateKind::not_clear, 0, 0.142, 0.15, -0.008, false}) ==
        "pg_blocked_ratio: counts only while not clear: 0.142, must exceed 0.15: 0.008 short");
  CHECK(said(verdict, {GateKind::max_open, 0, 1200, 3600, 2400, true}) ==
        "pg_blocked_ratio: tripped for 20 min of 1 h: ignored after that");
  CHECK(said(verdict, {GateKind::max_open, 0, 3900, 3600, -300, false}) ==
        "pg_blocked_ratio: tripped for 1 h 5 min of 1 h: ignored until it has been clear, 5 min "
        "past its time");
  CHECK(said(verdict, {GateKind::clear, 0, 0.3, 0.15, -0.15, false}) ==
        "pg_blocked_ratio: not clear, at 0.3, must fall below 0.15: 0.15 too high");
  CHECK(said(verdict, {GateKind::clear, 0, 0.05, 0.15, 0.1, true}) ==
        "pg_blocked_ratio: clear, at 0.05, below 0.15 by 0.1");
  CHECK(said(verdict, {GateKind::clear_for, 0, 20, 60, -40, false}) ==
        "pg_blocked_ratio: clear for 20 s of 1 min: 40 s to go");
  CHECK(said(verdict, {GateKind::hold, -1, 70, 60, 10, true}) ==
        "held for 1 min 10 s of 1 min: long enough");
  CHECK(said(verdict, {GateKind::climb_after, -1, 5, 30, -25, false}) ==
        "since the last rung 5 s of 30 s: 25 s to go");
  CHECK(said(verdict, {GateKind::climb_above, 0, 0.176, 0.2, -0.024, false}) ==
        "pg_blocked_ratio: climbs only while above ref: 0.176, must exceed 0.2: 0.024 short");
  CHECK(said(verdict, {GateKind::healthy_for, -1, 5, 30, -25, false}) ==
        "since the last rung given back 5 s of 30 s: 25 s to go");
  CHECK(said(verdict, {GateKind::freshness, 0, 12, 10, -2, false}) ==
        "pg_blocked_ratio: measured 12 s ago, at most 10 s: 2 s too old");
  CHECK(said(verdict, {GateKind::known_subjects, -1, 2, 3, -1, false}) ==
        "2 subjects known, 3 needed to act on any: 1 short");
  CHECK(said(verdict, {GateKind::breached_share, -1, 3, 2, -1, false}) ==
        "3 subjects breached, at most 2 may be: 1 too many");
  CHECK(said(verdict, {GateKind::open_subjects, -1, 1, 1, 0, true}) ==
        "1 subject open with this one, at most 1 may be");
  CHECK(said(verdict, {GateKind::policy_budget, -1, 0, 1, -1, false}) ==
        "no forward act left to this policy in this budget window");
  CHECK(said(verdict, {GateKind::cluster_budget, -1, 3, 1, 2, true}) ==
        "3 forward acts left to the cluster in this budget window");
  CHECK(said(verdict, {GateKind::sessions_per_hour, -1, 0, 1, -1, false}) ==
        "all policies together have ended as many sessions this hour as limits.sessions_per_hour "
        "allows");
  CHECK(said(verdict, {GateKind::sessions_per_hour, -1, 3, 1, 2, true}) ==
        "3 sessions may still be ended this hour");
  CHECK(said(verdict, {GateKind::rungs, -1, 0, 1, -1, false}) == "no rung left to climb");
  CHECK(said(verdict, {GateKind::bar, -1, 0, 1, -1, false}) ==
        "forward acts barred: the ledger's server cannot be reached");
  CHECK(said(verdict, {GateKind::blocked_while, -1, 0, 1, -1, false}, policy) ==
        "open or unknown: one of shard-imbalance");
  Gate left{GateKind::blocked_while, -1, 1, 1, 0, true};
  CHECK(said(verdict, left, policy) == "none of shard-imbalance is open");
  left.left_out = true;
  CHECK(said(verdict, left, policy) ==
        "of shard-imbalance one is open, but not by what makes others wait: arms with max_rung are "
        "left out");
}

TEST_CASE("text: a dwell counts in what the policy counts in") {
  auto policy = testing::breaker();
  LevelTest level;
  policy.open.arms[0].test = level;
  Verdict verdict = quiet_verdict();
  verdict.evidence = {lock_wait(7)};
  const Gate gate{GateKind::dwell, 0, 1, 2, -1, false};
  CHECK(said(verdict, gate, to_json(policy)) ==
        "pg_lock_wait_max_seconds: breached for 1 of 2 evaluations: 1 to go");
  level.hold_for = 2s;
  policy.open.arms[0].test = level;
  CHECK(said(verdict, gate, to_json(policy)) ==
        "pg_lock_wait_max_seconds: breached for 1 s of 2 s: 1 s to go");
  CHECK_THAT(said(verdict, gate), Contains("1 of 2 (evaluations, or seconds under `for:`)"));
}
