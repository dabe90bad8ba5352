// SPDX-License-Identifier: Apache-2.0
// What `status` says.
#include "controller/cli/text/status_text.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "controller/api/report_json.hpp"
#include "tests/controller/api/reports.hpp"
#include "tests/controller/cli/verdicts.hpp"

using namespace homeostat;
using namespace homeostat::testing;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

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

TEST_CASE("status: what is in canary, and who wanted what another policy got") {
  auto report = full_report();
  CanaryStatus waiting{"circuit-breaker", 0, {}};
  waiting.memory.demoted = true;
  waiting.memory.failed = 3;
  CanaryStatus trying{"lock-contention", 0.01, {}};
  trying.memory.passed = 2;
  report.canaries = {waiting, trying};
  report.overruled = {{"feature",
                       "class/batch",
                       "lock-contention",
                       {},
                       1,
                       "circuit-breaker",
                       Precedence::admits_less}};
  const auto text = text::status(to_json(report));
  REQUIRE(text.has_value());
  CHECK_THAT(*text, Contains("circuit-breaker  NOTHING: waits for homeostat ack") &&
                        Contains("0 right, 3 needless or ineffective, 0 harmful") &&
                        Contains("lock-contention  1 %"));
  CHECK_THAT(*text, Contains("feature class/batch  lock-contention on cluster  circuit-breaker  it "
                             "admits less"));
}
