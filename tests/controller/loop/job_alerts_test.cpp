// SPDX-License-Identifier: Apache-2.0
// What is told of jobs that were ordered and do not start.
#include <algorithm>
#include <catch2/catch.hpp>

#include "controller/loop/supervisor_alerts.hpp"

namespace homeostat {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;

const Alert* not_started_alert(const std::vector<Alert>& alerts) {
  const auto found = std::find_if(alerts.begin(), alerts.end(), [](const Alert& alert) {
    return alert.labels.at("alertname") == "HomeostatJobNotStarted";
  });
  return found == alerts.end() ? nullptr : &*found;
}

}  // namespace

TEST_CASE("a job that was ordered and does not start is told of from its third evaluation on") {
  Report report;
  Policy policy;
  policy.name = "shard-balance";
  policy.every = 30s;
  report.policies = {policy};
  Verdict verdict;
  verdict.policy = "shard-balance";
  verdict.kind = PolicyKind::job;
  verdict.step = Step::holding;
  verdict.state = BreakerState::open;
  verdict.share = 1;
  verdict.at = TimePoint{400s};
  verdict.job = JobStatus{};
  report.verdicts = {verdict};
  const auto told = [&report] { return not_started_alert(active_alerts({}, report)) != nullptr; };
  CHECK_FALSE(told());
  report.verdicts[0].job->not_started = NotStarted{TimePoint{311s}, 3, "no slots on worker-1"};
  CHECK_FALSE(told());
  report.verdicts[0].job->not_started->since = TimePoint{310s};
  const auto alerts = active_alerts({}, report);
  const auto* alert = not_started_alert(alerts);
  REQUIRE(alert != nullptr);
  CHECK(alert->labels.at("policy") == "shard-balance");
  CHECK(alert->labels.at("subject") == "cluster");
  CHECK(alert->labels.at("severity") == "warning");
  CHECK_THAT(alert->annotations.at("description"),
             Contains("no slots on worker-1") && Contains("homeostat explain shard-balance"));
  report.verdicts[0].job->not_started->tries = 2;  // its window closed at once
  CHECK_FALSE(told());
  report.verdicts[0].job->not_started->tries = 3;
  report.journal_usable = false;  // it is not tried now
  CHECK_FALSE(told());
  report.journal_usable = true;
  report.verdicts[0].state = BreakerState::half_open;  // it waits to go on with what never began
  CHECK(told());
  report.verdicts[0].state = BreakerState::closed;  // nothing is ordered any more
  CHECK_FALSE(told());
  report.verdicts[0].state = BreakerState::open;
  report.verdicts[0].share = 0;
  CHECK_FALSE(told());
  report.verdicts[0].share = 1;
  report.bar = ForwardBar::not_leader;
  report.lease_holder = "other:2";
  CHECK_FALSE(told());
}

TEST_CASE("a job's own alert does not say that it runs when it has not started") {
  ActiveAlert active;
  active.policy = "shard-balance";
  active.mode = Mode::enforce;
  active.share = 1;
  active.rung = 1;
  Verdict verdict;
  verdict.policy = active.policy;
  verdict.kind = PolicyKind::job;
  verdict.job = JobStatus{};
  Report report;
  report.verdicts = {verdict};
  const auto described = [&] {
    for (const auto& alert : active_alerts({active}, report)) {
      if (alert.labels.at("alertname") == "HomeostatShardBalance") {
        return alert.annotations.at("description");
      }
    }
    return std::string();
  };
  CHECK_THAT(described(), Contains("the policy runs"));
  report.verdicts[0].job->not_started = NotStarted{TimePoint{310s}, 3, "no slots"};
  CHECK_THAT(described(), Contains("is ordered, and has not started") && !Contains("runs"));
}

}  // namespace homeostat
