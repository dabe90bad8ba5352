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

namespace {

/// One verdict of a regulator and its limit, at 400, and one reading, of each of so many zones.
Report calm_zones(int count) {
  auto report = testing::full_report();
  auto pressure = breaker();
  pressure.name = "back-pressure";
  pressure.kind = PolicyKind::regulator;
  pressure.open.arms.clear();
  pressure.regulator = Regulator{"concurrency", {10, 400, 0, {}}, 400, {}, {}};
  report.policies.push_back(pressure);
  for (int i = 1; i <= count; ++i) {
    const Subject zone{SubjectKind::zone, "w." + std::to_string(i)};
    report.samples.push_back(gauge("probe_up", zone, 1, report.at));
    Verdict verdict;
    verdict.policy = pressure.name;
    verdict.kind = PolicyKind::regulator;
    verdict.subject = zone;
    verdict.value = 400;
    report.verdicts.push_back(verdict);
    auto limit = report.levers.front();
    limit.row.key = {"admission", to_text(zone)};
    limit.row.policy = pressure.name;
    limit.row.value.arguments = {{"concurrency", 400.0}, {"queue_limit", 0.5}};
    limit.overdue = {};
    report.levers.push_back(limit);
  }
  return report;
}

std::string shown(const Report& report, text::Zones zones = text::Zones::not_at_rest) {
  const auto text = text::status(to_json(report), zones);
  return text.has_value() ? *text : text.error().context;
}

}  // namespace

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
  CHECK_THAT(*text, !Contains("and that refuse"));
  report.refused = {{{"feature", "class/rebuildable"}, "circuit-breaker", 40s, 6, "no such class"}};
  CHECK_THAT(
      *text::status(to_json(report)),
      Contains("Levers that a policy wants away from it, and that refuse") &&
          Contains("feature class/rebuildable  circuit-breaker  40 s  6      no such class"));
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

TEST_CASE("status: of many zones those at rest are counted, unless all are asked for") {
  CHECK_THAT(shown(calm_zones(8)), Contains("zone/w.8") && !Contains("at rest"));
  const auto calm = calm_zones(300);
  const auto text = shown(calm);
  CHECK_THAT(text,
             Contains("zones         300 of 300 at rest, not shown: homeostat status --all\n"));
  CHECK_THAT(text,
             !Contains("zone/w.") && Contains("node/spare") && Contains("feature class/batch"));
  CHECK_THAT(shown(calm, text::Zones::all), Contains("zone/w.300") && !Contains("at rest"));
}

TEST_CASE("status: a zone at which anything is amiss is shown") {
  auto report = calm_zones(9);
  const auto of_nine = [&](std::size_t number) { return report.levers.size() - 10 + number; };
  auto& samples = report.samples;
  samples[samples.size() - 9].numerator = 0;  // w.1 does not answer
  const Subject second{SubjectKind::zone, "w.2"};
  samples.push_back(absent("pg_blocked_ratio", second, AbsentReason::timeout, report.at));
  auto& cut = report.verdicts[report.verdicts.size() - 7];  // w.3
  cut.value = 40;
  report.levers[of_nine(4)].row.value.arguments["concurrency"] = 40.0;
  report.levers[of_nine(5)].drifted = true;
  auto rising = open_verdict(report.at);
  rising.state = BreakerState::closed;
  rising.subject = {SubjectKind::zone, "w.6"};
  rising.evidence = {blocked_ratio(0.2, false)};
  report.verdicts.push_back(rising);
  auto open = open_verdict(report.at);
  open.subject = {SubjectKind::zone, "w.7"};
  report.verdicts.push_back(open);
  report.probes.push_back({"admission_queue", {SubjectKind::zone, "w.8"}, false, "no answer"});
  const auto text = shown(report);
  report.refused.push_back({{"admission", "zone/w.9"}, "back-pressure", 40s, 6, "no right"});
  CHECK_THAT(text, Contains("zones         1 of 9 at rest, not shown"));
  for (int i = 1; i <= 8; ++i) CHECK_THAT(text, Contains("zone/w." + std::to_string(i)));
  CHECK_THAT(text, !Contains("zone/w.9"));
  CHECK_THAT(shown(report), Contains("zone/w.9") && !Contains("at rest"));
}
