// SPDX-License-Identifier: Apache-2.0
// What people read, from the smallest pieces up.
#include <catch2/catch.hpp>
#include <limits>
#include <nlohmann/json.hpp>

#include "controller/api/report_json.hpp"
#include "controller/cli/text/explain_text.hpp"
#include "controller/cli/text/gate_text.hpp"
#include "controller/cli/text/history_json.hpp"
#include "controller/cli/text/history_text.hpp"
#include "controller/cli/text/quantity.hpp"
#include "controller/cli/text/status_text.hpp"
#include "controller/cli/text/table.hpp"
#include "policies/model/codec.hpp"
#include "tests/controller/api/reports.hpp"

using namespace homeostat;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

const WallTime kWall{std::chrono::seconds{1'767'268'805}};  // 2026-01-01 12:00:05 UTC

Evidence blocked_ratio(double cusum, bool tripped) {
  return {"pg_blocked_ratio",
          Quality::whole,
          AbsentReason::none,
          3,
          40,
          0.0777,
          cusum,
          0.15,
          tripped,
          false};
}

Evidence lock_wait(double seconds) {
  Evidence evidence;
  evidence.signal = "pg_lock_wait_max_seconds";
  evidence.quality = Quality::whole;
  evidence.reason = AbsentReason::none;
  evidence.numerator = seconds;
  evidence.judged = seconds;
  return evidence;
}

Verdict quiet_verdict() {
  Verdict verdict;
  verdict.policy = "circuit-breaker";
  verdict.rungs = 2;
  verdict.evidence.push_back(blocked_ratio(0.41, false));
  verdict.gates.push_back({GateKind::freshness, 0, 0.8, 10, 9.2, true});
  verdict.gates.push_back({GateKind::trip, 0, 0.41, 1, -0.59, false});
  verdict.gates.push_back({GateKind::backstop, 0, 0.15, 0.2, -0.05, false});
  return verdict;
}

nlohmann::json breaker_json() {
  auto policy = testing::breaker();
  policy.blocked_while = {"shard-imbalance"};
  return to_json(policy);
}

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
  CHECK(said(verdict, {GateKind::rungs, -1, 0, 1, -1, false}) == "no rung left to climb");
  CHECK(said(verdict, {GateKind::bar, -1, 0, 1, -1, false}) ==
        "forward acts barred: the ledger's server cannot be reached");
  CHECK(said(verdict, {GateKind::blocked_while, -1, 0, 1, -1, false}, policy) ==
        "open or unknown: one of shard-imbalance");
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

TEST_CASE("status: signals stand beside their thresholds, and every part is there") {
  auto report = testing::full_report();
  report.would.push_back({{"planner_profile", "contention"},
                          LeverValue{{{"jit", std::string("off")}}},
                          2min,
                          "lock-contention",
                          Subject{},
                          1,
                          "hash",
                          "waits 7 s"});
  const auto text = text::status(to_json(report));
  REQUIRE(text.has_value());
  CHECK_THAT(*text, Contains("Homeostat 0.1.0 on host:1, 1970-01-01 00:33:20 UTC\n"));
  CHECK_THAT(*text, Contains("role          leads (epoch 7)\n"));
  CHECK_THAT(*text, Contains("forward acts  allowed\n"));
  CHECK_THAT(*text, Contains("last tick     10 s ago; 33 so far, 2 skipped\n"));
  CHECK_THAT(*text, Contains("pg_blocked_ratio    node/main   0.25 (1 of 4)"));
  CHECK_THAT(*text, Contains("cusum, ref 0"));
  CHECK_THAT(*text, Contains("unknown: the probe did not answer in time"));
  CHECK_THAT(*text, Contains("idle (0 of 0)"));
  CHECK_THAT(*text, Contains("circuit-breaker  cluster  enforce  open   1/1"));
  CHECK_THAT(*text,
             Contains("feature class/batch  admit 0 %  circuit-breaker  1     OVERDUE by 5 s"));
  CHECK_THAT(*text, Contains("planner_profile contention  jit off         lock-contention"));
  CHECK_THAT(*text, Contains("HomeostatCircuitBreaker  page"));
  CHECK_THAT(*text, Contains("DOWN: no answer"));
  CHECK_THAT(*text, Contains("root_blocker  pid 42 of role reporting"));
}

TEST_CASE("status: a detector's height stands beside its trip level") {
  auto report = testing::full_report();
  report.verdicts[0].evidence = {blocked_ratio(1.5, true)};
  const auto text = text::status(to_json(report));
  REQUIRE(text.has_value());
  CHECK_THAT(*text, Contains("cusum, ref 0, S 1.50 of 1.00, TRIPPED (circuit-breaker)"));
  report.verdicts[0].evidence = {blocked_ratio(1.5, false)};
  CHECK_THAT(*text::status(to_json(report)), Contains("S 1.50 of 1.00 (circuit-breaker)"));
}

TEST_CASE("status: what is wrong with the daemon itself is said at the top") {
  auto report = testing::full_report();
  report.leader = false;
  report.lease_holder = "other:7";
  report.bar = ForwardBar::not_leader;
  report.bar_detail = "held by other:7";
  report.journal_usable = false;
  report.reload_ok = false;
  report.reload_error = "policies/a.yaml:3:1: unknown key";
  report.levers[0].overdue = {};
  report.levers[0].drifted = true;
  const auto text = text::status(to_json(report));
  REQUIRE(text.has_value());
  CHECK_THAT(*text, Contains("stands by; leader: other:7"));
  CHECK_THAT(*text,
             Contains("BARRED: another instance leads, or the lease is not confirmed (held"));
  CHECK_THAT(*text, Contains("CANNOT BE WRITTEN"));
  CHECK_THAT(*text, Contains("REFUSED: policies/a.yaml:3:1: unknown key"));
  CHECK_THAT(*text, Contains("1 min 30 s  somebody else has written it"));
  report.levers[0].drifted = false;
  report.levers[0].held = true;
  const auto held = text::status(to_json(report));
  REQUIRE(held.has_value());
  CHECK_THAT(*held, Contains("1 min 30 s  kept until every breaker is closed"));
  report.levers.clear();
  const auto unknown = text::status(to_json(report));
  REQUIRE(unknown.has_value());
  CHECK_THAT(*unknown, Contains("baseline\n  not known here: BARRED: another instance leads"));
}

TEST_CASE("status: sessions older than their role's settings are shown while there are any") {
  auto report = testing::full_report();
  report.stale_sessions = {{"bulk", 0}, {"reporting", 3}};
  auto text = text::status(to_json(report));
  REQUIRE(text.has_value());
  CHECK_THAT(*text, Contains("reporting  3\n") && !Contains("bulk"));
  report.stale_sessions.erase("reporting");
  text = text::status(to_json(report));
  REQUIRE(text.has_value());
  CHECK_THAT(*text, !Contains("Sessions that began"));
}

TEST_CASE("status: a profile of many settings keeps its row short, and says whose value stands") {
  auto report = testing::full_report();
  auto& open = report.levers[0];
  open.overdue = {};
  open.row.value.arguments = {{"reporting.jit", std::string("off")},
                              {"reporting.lock_timeout", std::string("2s")},
                              {"bulk.jit", std::string("off")}};
  open.drifted = true;
  open.last_error = "somebody else has set jit of role bulk";
  const auto text = text::status(to_json(report));
  REQUIRE(text.has_value());
  CHECK_THAT(*text, Contains("  3 settings  ") &&
                        Contains("1 min 30 s  somebody else has set jit of role bulk"));
}

TEST_CASE("status: an empty daemon has a status, something else has none") {
  const auto text = text::status(to_json(Report{}));
  REQUIRE(text.has_value());
  CHECK_THAT(*text, Contains("no ledger: only watches"));
  CHECK_THAT(*text, Contains("Signals\n  none yet\n"));
  const auto other = text::status(nlohmann::json{{"hello", "world"}});
  REQUIRE_FALSE(other.has_value());
  CHECK(other.error().code == ErrorCode::protocol);
}

TEST_CASE("history: lines come newest last, and repetitions are counted") {
  text::Past past;
  const auto at = [](int second) { return kWall + std::chrono::seconds{second}; };
  auto opened = quiet_verdict();
  opened.mode = Mode::enforce;
  opened.step = Step::opened;
  opened.rung = opened.took = 1;
  opened.evidence = {blocked_ratio(1.2, true)};
  auto blocked = opened;
  blocked.step = Step::blocked;
  blocked.gates = {{GateKind::policy_budget, -1, 0, 1, -1, false}};
  past.verdicts = {{at(40), opened}, {at(30), blocked}, {at(20), blocked}, {at(10), blocked}};
  RecordedAct act{at(40), {}};
  act.act.outcome = ChangeOutcome::applied;
  act.act.key = {"feature", "class/batch"};
  act.act.value.arguments["admit"] = 0.0;
  act.act.policy = "circuit-breaker";
  act.act.detail = "S 1.20";
  past.acts = {act};
  past.effects = {
      {at(220),
       {"circuit-breaker", Subject{}, "pg_blocked_ratio", ExpectedMove::falls_by, 0.2, 1,
        TimePoint{40s}, TimePoint{220s}, 0.8, 0.1, EffectOutcome::effective, EffectDoubt::none}}};
  const auto text = text::history(past, 50).text;
  CHECK(text ==
        "2026-01-01 12:00:15 UTC  circuit-breaker  cluster  blocked  Would act, for "
        "pg_blocked_ratio 3 of 40 = 0.075 (folded 0.0777; S 1.20; long mean 0.15), but may not: no "
        "forward act left to this policy in this budget window. (3 times until 2026-01-01 12:00:35 "
        "UTC)\n"
        "2026-01-01 12:00:45 UTC  circuit-breaker  cluster  opened   Opened and took rung 1 of 2: "
        "pg_blocked_ratio 3 of 40 = 0.075 (folded 0.0777; S 1.20; long mean 0.15).\n"
        "2026-01-01 12:00:45 UTC  circuit-breaker  cluster  apply    feature class/batch: admit 0 "
        "%, applied (S 1.20)\n"
        "2026-01-01 12:03:45 UTC  circuit-breaker  cluster  effect   rung 1: pg_blocked_ratio "
        "0.8 -> 0.1 in 3 min: effective (promised: falls by 20 %)\n");
  const auto [newest, left_out] = text::history(past, 1);
  CHECK(left_out == 3);
  CHECK_THAT(newest, Contains("effect"));
  CHECK_THAT(newest, !Contains("opened"));
}

TEST_CASE("history: what a policy in shadow decided does not read as done") {
  text::Past past;
  auto opened = quiet_verdict();
  opened.step = Step::opened;
  opened.mode = Mode::shadow;
  auto tells = opened;
  tells.kind = PolicyKind::alert;
  past.verdicts = {{kWall, opened}, {kWall - 1s, tells}};
  const auto text = text::history(past, 50).text;
  CHECK_THAT(text, Contains("cluster  opened (shadow)  Opened"));
  CHECK_THAT(text, Contains("cluster  opened           Opened"));
}

TEST_CASE("history: renewals of a lever are one line until something else is done to it") {
  text::Past past;
  const auto kinds = {ChangeKind::apply,  ChangeKind::renew, ChangeKind::renew,
                      ChangeKind::revert, ChangeKind::apply, ChangeKind::renew};
  int second = 0;
  for (const auto kind : kinds) {
    RecordedAct act{kWall + std::chrono::seconds{second++}, {}};
    act.act.kind = kind;
    act.act.outcome = ChangeOutcome::applied;
    act.act.key = {"feature", "class/batch"};
    act.act.value.arguments["admit"] = 0.0;
    past.acts.insert(past.acts.begin(), act);
  }
  const auto text = text::history(past, 50).text;
  CHECK(std::count(text.begin(), text.end(), '\n') == 5);
  CHECK_THAT(text, Contains("(2 times until 2026-01-01 12:00:07 UTC)"));
  CHECK_THAT(text, Contains("revert  feature class/batch, applied\n"));
}

TEST_CASE("history: an effect says how it was judged, and why nobody can say") {
  text::Past past;
  Effect effect{"p",
                Subject{},
                "pg_blocked_ratio",
                ExpectedMove::below,
                0.1,
                1,
                TimePoint{},
                TimePoint{60s},
                0.8,
                std::nullopt,
                EffectOutcome::inconclusive,
                EffectDoubt::unmeasured};
  past.effects = {{kWall, effect}};
  CHECK_THAT(text::history(past, 5).text,
             Contains("0.8 -> unknown in 1 min: inconclusive, it was not measured (promised: below "
                      "0.1)"));
  past.effects[0].effect.outcome = EffectOutcome::harmful;
  past.effects[0].effect.doubt = EffectDoubt::none;
  CHECK_THAT(text::history(past, 5).text, Contains("1 min: harmful (promised"));
  past.effects[0].effect.outcome = EffectOutcome::shared;
  CHECK_THAT(text::history(past, 5).text, Contains("shared with another act aimed at it"));
}

TEST_CASE("history: as JSON it is what the API has, oldest first") {
  text::Past past;
  past.verdicts = {{kWall, quiet_verdict()}, {kWall - 30s, quiet_verdict()}};
  const auto json = nlohmann::json::parse(text::history_json(past, 1));
  REQUIRE(json["decisions"].size() == 1);
  CHECK(json["decisions"][0]["wall_us"] == kWall.time_since_epoch().count());
  CHECK(json["decisions"][0]["verdict"] == to_json(quiet_verdict()));
  CHECK(json["acts"] == nlohmann::json::array());
  const auto both = nlohmann::json::parse(text::history_json(past, 5));
  CHECK(both["decisions"][0]["wall_us"] == (kWall - 30s).time_since_epoch().count());
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
