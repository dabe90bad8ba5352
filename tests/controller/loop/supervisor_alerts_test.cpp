// SPDX-License-Identifier: Apache-2.0
#include "controller/loop/supervisor_alerts.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

namespace homeostat {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;

const Subject kMain{SubjectKind::node, "main"};

Report healthy() {
  Report report;
  report.wall = WallTime{1000s};
  report.at = TimePoint{500s};
  report.probes.push_back({"pg_locks", kMain, true, ""});
  report.samples.push_back(ratio("pg_blocked_ratio", kMain, 1, 10, report.at));
  return report;
}

ActiveAlert tripped() {
  ActiveAlert active;
  active.policy = "circuit-breaker";
  active.subject = kMain;
  active.spec.severity = "page";
  active.mode = Mode::enforce;
  active.share = 1;
  active.since = TimePoint{440s};
  active.rung = 2;
  return active;
}

const Alert* named(const std::vector<Alert>& alerts, const std::string& name) {
  const auto found = std::find_if(alerts.begin(), alerts.end(), [&](const Alert& alert) {
    return alert.labels.at("alertname") == name;
  });
  return found == alerts.end() ? nullptr : &*found;
}

OpenLever open_lever() {
  OpenLever open;
  open.row.key = {"feature", "class/batch"};
  return open;
}

}  // namespace

TEST_CASE("the watchdog fires always, and nothing else does while all is well") {
  const auto alerts = active_alerts({}, healthy());
  REQUIRE(alerts.size() == 1);
  REQUIRE(alerts[0].labels.at("alertname") == "HomeostatWatchdog");
}

TEST_CASE("a policy's alert is identified by policy, subject, severity and mode") {
  const auto alerts = active_alerts({tripped()}, healthy());
  const auto* alert = named(alerts, "HomeostatCircuitBreaker");
  REQUIRE(alert != nullptr);
  const std::map<std::string, std::string> expected{{"alertname", "HomeostatCircuitBreaker"},
                                                    {"policy", "circuit-breaker"},
                                                    {"subject", "node/main"},
                                                    {"severity", "page"},
                                                    {"mode", "enforce"}};
  REQUIRE(alert->labels == expected);
  REQUIRE(alert->starts == WallTime{940s});
  REQUIRE_THAT(alert->annotations.at("description"), Contains("For 60 s"));
  REQUIRE_THAT(alert->annotations.at("description"), Contains("stands on rung 2"));
}

TEST_CASE("labels do not change from step to step while an alert goes on") {
  auto later = healthy();
  later.wall += 30s;
  later.at += 30s;
  auto higher = tripped();
  higher.rung = 3;
  const auto first = active_alerts({tripped()}, healthy());
  const auto second = active_alerts({higher}, later);
  REQUIRE(named(first, "HomeostatCircuitBreaker")->labels ==
          named(second, "HomeostatCircuitBreaker")->labels);
  REQUIRE(named(first, "HomeostatCircuitBreaker")->starts ==
          named(second, "HomeostatCircuitBreaker")->starts);
}

TEST_CASE("an operator's labels, annotations and runbook are passed on, not his alertname") {
  auto active = tripped();
  active.spec.labels = {{"team", "dba"}, {"alertname", "Mine"}, {"empty", ""}};
  active.spec.annotations = {{"summary", "shed!"}};
  active.spec.runbook = "https://runbooks.example/locks";
  const auto alerts = active_alerts({active}, healthy());
  const auto* alert = named(alerts, "HomeostatCircuitBreaker");
  REQUIRE(alert != nullptr);
  REQUIRE(alert->labels.at("team") == "dba");
  REQUIRE_FALSE(alert->labels.contains("empty"));
  REQUIRE(alert->annotations.at("summary") == "shed!");
  REQUIRE(alert->annotations.at("runbook_url") == "https://runbooks.example/locks");
}

TEST_CASE("a policy in shadow says that it only would act") {
  auto active = tripped();
  active.mode = Mode::shadow;
  active.share = 0;
  const auto alerts = active_alerts({active}, healthy());
  const auto* alert = named(alerts, "HomeostatCircuitBreaker");
  REQUIRE(alert->labels.at("mode") == "shadow");
  REQUIRE_THAT(alert->annotations.at("description"),
               Contains("in shadow it would stand on rung 2"));
}

TEST_CASE("absent signals of a subject make one alert about it that says which and why") {
  auto report = healthy();
  report.probes[0].up = false;
  report.probes[0].error = "no answer within 500 ms";
  report.samples = {absent("pg_blocked_ratio", kMain, AbsentReason::timeout, report.at),
                    absent("pg_open_transactions", kMain, AbsentReason::timeout, report.at)};
  const auto alerts = active_alerts({}, report);
  REQUIRE(alerts.size() == 2);
  const auto* alert = named(alerts, "HomeostatBlind");
  REQUIRE(alert->labels.at("subject") == "node/main");
  REQUIRE(alert->annotations.at("description") ==
          "pg_blocked_ratio timeout; pg_open_transactions timeout; "
          "probe pg_locks: no answer within 500 ms");
}

TEST_CASE("a daemon that has just started is not blind yet, and an idle system is not absent") {
  auto report = healthy();
  report.samples = {
      absent("pg_blocked_ratio", kMain, AbsentReason::never_sampled, report.at),
      ratio("pg_other_ratio", kMain, 0, 0, report.at),
  };
  REQUIRE(named(active_alerts({}, report), "HomeostatBlind") == nullptr);
}

TEST_CASE("a revert that is overdue and a foreign value are named by lever and target") {
  auto report = healthy();
  auto overdue = open_lever();
  overdue.overdue = 90s;
  overdue.last_error = "lock timeout";
  auto drifted = open_lever();
  drifted.drifted = true;
  report.levers = {overdue, drifted};
  const auto alerts = active_alerts({}, report);
  REQUIRE(alerts.size() == 3);
  const auto* late = named(alerts, "HomeostatRevertOverdue");
  REQUIRE(late->labels.at("target") == "class/batch");
  REQUIRE_THAT(late->annotations.at("description"), Contains("90 s"));
  REQUIRE_THAT(late->annotations.at("description"), Contains("lock timeout"));
  REQUIRE(named(alerts, "HomeostatForeignWrite")->labels.at("lever") == "feature");
}

TEST_CASE("a job's alert says that it is under way, or that its last run failed") {
  auto report = healthy();
  auto active = tripped();
  active.rung = 1;
  Verdict verdict;
  verdict.policy = active.policy;
  verdict.subject = active.subject;
  verdict.kind = PolicyKind::job;
  verdict.job = JobStatus{};
  report.verdicts = {verdict};
  auto alerts = active_alerts({active}, report);
  const auto* alert = named(alerts, "HomeostatCircuitBreaker");
  REQUIRE(alert != nullptr);
  CHECK(alert->annotations.at("summary") == "circuit-breaker is due, or under way on node/main");
  CHECK_THAT(alert->annotations.at("description"), Contains("the policy runs."));
  report.verdicts[0].job->failed = true;
  active.rung = 0;
  alerts = active_alerts({active}, report);
  alert = named(alerts, "HomeostatCircuitBreaker");
  CHECK(alert->annotations.at("summary") == "circuit-breaker's last run failed on node/main");
}

TEST_CASE("a rung that did harm is paged, and so is a policy with no rung left") {
  auto report = healthy();
  Policy policy;
  policy.name = "circuit-breaker";
  policy.ladder.resize(2);
  report.policies = {policy};
  BenchedLever first{"circuit-breaker", kMain, 1, {"feature", "class/batch"}, 2, false, 90s};
  report.benched = {first};
  REQUIRE(active_alerts({}, report).size() == 1);

  auto second = first;
  second.rung = 2;
  second.subject = {SubjectKind::node, "zz"};
  report.benched = {first, second};
  REQUIRE(named(active_alerts({}, report), "HomeostatNoRungLeft") == nullptr);
  second.subject = kMain;
  second.harmful = true;
  report.benched = {first, second};
  const auto alerts = active_alerts({}, report);
  const auto* none_left = named(alerts, "HomeostatNoRungLeft");
  REQUIRE(none_left != nullptr);
  REQUIRE(none_left->labels.at("policy") == "circuit-breaker");
  const auto* harmful = named(alerts, "HomeostatHarmfulAct");
  REQUIRE(harmful != nullptr);
  REQUIRE(harmful->labels.at("rung") == "2");
  REQUIRE_THAT(harmful->annotations.at("description"), Contains("90 s"));
}

TEST_CASE("a lever that refuses its renewals for a tick is paged before it is due (H14)") {
  auto report = healthy();
  report.tick = 30s;
  auto failing = open_lever();
  failing.failing = 29s;
  failing.last_error = "role bulk has no wrapper";
  report.levers = {failing};
  REQUIRE(named(active_alerts({}, report), "HomeostatLeverRefused") == nullptr);
  report.levers[0].failing = 30s;
  const auto alerts = active_alerts({}, report);
  const auto* alert = named(alerts, "HomeostatLeverRefused");
  REQUIRE(alert != nullptr);
  REQUIRE(alert->labels.at("severity") == "page");
  REQUIRE_THAT(alert->annotations.at("description"),
               Contains("30 s") && Contains("role bulk has no wrapper"));
}

TEST_CASE("what a policy wants and its lever refuses is paged after a tick, by who leads") {
  auto report = healthy();
  report.tick = 30s;
  report.refused = {{{"feature", "class/batch"}, "circuit-breaker", 29s, 4, "no right to write"}};
  REQUIRE(named(active_alerts({}, report), "HomeostatActRefused") == nullptr);
  report.refused[0].failing = 30s;
  const auto alerts = active_alerts({}, report);
  const auto* alert = named(alerts, "HomeostatActRefused");
  REQUIRE(alert != nullptr);
  REQUIRE(alert->labels.at("severity") == "page");
  REQUIRE(alert->labels.at("policy") == "circuit-breaker");
  REQUIRE(alert->labels.at("target") == "class/batch");
  REQUIRE_THAT(alert->annotations.at("description"),
               Contains("4 times in 30 s") && Contains("no right to write"));
  report.pauses = {{"policy/circuit-breaker", "sre", "looking", 60s, 60s}};  // it is not tried now
  REQUIRE(named(active_alerts({}, report), "HomeostatActRefused") == nullptr);
  report.pauses[0].scope = "policy/another";
  REQUIRE(named(active_alerts({}, report), "HomeostatActRefused") != nullptr);
  report.bar = ForwardBar::storm_brake;
  REQUIRE(named(active_alerts({}, report), "HomeostatActRefused") == nullptr);
  report.bar = ForwardBar::not_leader;
  report.lease_holder = "another";
  REQUIRE(named(active_alerts({}, report), "HomeostatActRefused") == nullptr);
}

TEST_CASE("a foreign value is told with what it is, where the lever knows") {
  auto report = healthy();
  auto drifted = open_lever();
  drifted.drifted = true;
  drifted.last_error = "somebody else has set jit of role bulk (now on)";
  report.levers = {drifted};
  const auto alerts = active_alerts({}, report);
  REQUIRE_THAT(named(alerts, "HomeostatForeignWrite")->annotations.at("description"),
               Contains("jit of role bulk (now on)"));
}

TEST_CASE("what a lever left to somebody else beside its target is told, once a subject (S3)") {
  auto report = healthy();
  const Subject zone{SubjectKind::zone, "main"};
  report.notes = {{zone, "pgbouncer", "front: gone"},
                  {zone, std::string{kForeignWriteNote}, "front: 13"},
                  {zone, std::string{kForeignWriteNote}, "back: 14"}};
  const auto alerts = active_alerts({}, report);
  const auto* alert = named(alerts, "HomeostatForeignWrite");
  REQUIRE(alert != nullptr);
  CHECK(alert->labels.at("subject") == "zone/main");
  CHECK(alert->annotations.at("description") == "front: 13; back: 14");
  report.notes.resize(1);
  CHECK(named(active_alerts({}, report), "HomeostatForeignWrite") == nullptr);
}

TEST_CASE("a journal that cannot be written and a refused reload are told (H39, H36)") {
  auto report = healthy();
  report.journal_usable = false;
  report.reload_ok = false;
  report.reload_error = "policies.yaml:3:1: unknown key";
  const auto alerts = active_alerts({}, report);
  REQUIRE(named(alerts, "HomeostatJournalUnusable") != nullptr);
  REQUIRE(named(alerts, "HomeostatReloadFailed")->annotations.at("description") ==
          "policies.yaml:3:1: unknown key");
}

TEST_CASE("an instance's own alerts name it, so that two do not resolve each other's") {
  auto report = healthy();
  report.endpoint = "db1:9780";
  report.journal_usable = false;
  const auto alerts = active_alerts({tripped()}, report);
  REQUIRE(named(alerts, "HomeostatWatchdog")->labels.at("instance") == "db1:9780");
  REQUIRE(named(alerts, "HomeostatJournalUnusable")->labels.at("instance") == "db1:9780");
  REQUIRE(named(alerts, "HomeostatCircuitBreaker")->labels.count("instance") == 0);
}

TEST_CASE("a pause that has stood for an hour is called to mind (H37)") {
  auto report = healthy();
  report.pauses = {{"cluster", "alice", "index build", 59min, 1h}};
  REQUIRE(named(active_alerts({}, report), "HomeostatPausedLong") == nullptr);
  report.pauses[0].stood = 1h;
  const auto alerts = active_alerts({}, report);
  const auto* alert = named(alerts, "HomeostatPausedLong");
  REQUIRE(alert != nullptr);
  REQUIRE(alert->labels.at("scope") == "cluster");
  REQUIRE_THAT(alert->annotations.at("description"), Contains("index build"));
  report.pauses[0].scope = "policy/circuit-breaker";
  const auto of_policy = active_alerts({}, report);
  REQUIRE(named(of_policy, "HomeostatPausedLong")->annotations.at("description") ==
          "index build. To end it: homeostat resume --policy circuit-breaker");
}

TEST_CASE("a standby leaves the policies' alerts to the leader, and says its own") {
  auto report = healthy();
  report.bar = ForwardBar::not_leader;
  report.lease_holder = "other:2";
  report.barred_for = 1h;
  report.tick = 30s;
  auto alerts = active_alerts({tripped()}, report);
  REQUIRE(alerts.size() == 1);
  REQUIRE(alerts[0].labels.at("alertname") == "HomeostatWatchdog");
  report.leaderless = true;  // its holder is frozen: somebody must tell
  alerts = active_alerts({tripped()}, report);
  REQUIRE(named(alerts, "HomeostatCircuitBreaker") != nullptr);
  REQUIRE(named(alerts, "HomeostatCannotAct") != nullptr);
}

TEST_CASE("a page says when nothing can be set, not for a blip, and why (H33, H54)") {
  auto report = healthy();
  report.tick = 30s;
  report.barred_for = 29s;
  report.bar =
      GENERATE(ForwardBar::ledger_lost, ForwardBar::lease_flapping, ForwardBar::identity_changed);
  report.bar_detail = "the leader's lock is held by pid 7 of role dba";
  REQUIRE(named(active_alerts({}, report), "HomeostatCannotAct") == nullptr);
  report.barred_for = 30s;
  const auto alerts = active_alerts({}, report);
  const auto* alert = named(alerts, "HomeostatCannotAct");
  REQUIRE(alert != nullptr);
  REQUIRE(alert->labels.at("severity") == "page");
  REQUIRE_THAT(alert->annotations.at("description"), Contains("pid 7 of role dba"));
}

TEST_CASE("a job that waits for nothing but approval is told of, with the command, once a policy") {
  auto report = healthy();
  Verdict verdict;
  verdict.policy = "shard-balance";
  verdict.kind = PolicyKind::job;
  verdict.step = Step::blocked;
  verdict.share = 1;
  verdict.job = JobStatus{};
  report.verdicts = {verdict, verdict};
  REQUIRE(named(active_alerts({}, report), "HomeostatPolicyWaits") == nullptr);
  for (auto& one : report.verdicts) one.job->waits_for_approval = true;
  const auto alerts = active_alerts({}, report);
  const auto* waits = named(alerts, "HomeostatPolicyWaits");
  REQUIRE(waits != nullptr);
  REQUIRE(waits->labels.at("policy") == "shard-balance");
  REQUIRE_THAT(waits->annotations.at("description"),
               Contains("homeostat ack --policy shard-balance --reason"));
  REQUIRE(std::count_if(alerts.begin(), alerts.end(), [](const Alert& alert) {
            return alert.labels.at("alertname") == "HomeostatPolicyWaits";
          }) == 1);
  for (auto& one : report.verdicts) one.share = 0;  // shadow starts nothing anyway
  REQUIRE(named(active_alerts({}, report), "HomeostatPolicyWaits") == nullptr);
}

TEST_CASE("what goes on only after an acknowledgement is told by the leader until there is one") {
  auto report = healthy();
  report.at = TimePoint{600s};
  report.braked = TimePoint{540s};
  CanaryStatus canary{"circuit-breaker", 0, {}};
  canary.memory.demoted = true;
  canary.memory.failed = 3;
  report.canaries = {canary, {"other", 0.01, {}}};
  auto alerts = active_alerts({}, report);
  const auto* brake = named(alerts, "HomeostatStormBrake");
  REQUIRE(brake != nullptr);
  REQUIRE(brake->labels.at("severity") == "page");
  REQUIRE_THAT(brake->annotations.at("description"), Contains("60 s") && Contains("homeostat ack"));
  const auto* waits = named(alerts, "HomeostatPolicyWaits");
  REQUIRE(waits != nullptr);
  REQUIRE(waits->labels.at("policy") == "circuit-breaker");
  REQUIRE(std::count_if(alerts.begin(), alerts.end(), [](const Alert& alert) {
            return alert.labels.at("alertname") == "HomeostatPolicyWaits";
          }) == 1);
  REQUIRE(waits->annotations.at("summary") == "circuit-breaker failed in canary and only watches");
  report.canaries[0].memory.failed = 0;
  REQUIRE(named(active_alerts({}, report), "HomeostatPolicyWaits")->annotations.at("summary") ==
          "circuit-breaker is new or was changed and only watches");
  report.bar = ForwardBar::not_leader;
  report.lease_holder = "other:2";
  alerts = active_alerts({}, report);
  REQUIRE(named(alerts, "HomeostatStormBrake") == nullptr);
  REQUIRE(named(alerts, "HomeostatPolicyWaits") == nullptr);
}

}  // namespace homeostat
