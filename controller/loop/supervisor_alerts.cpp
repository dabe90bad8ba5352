// SPDX-License-Identifier: Apache-2.0
#include "controller/loop/supervisor_alerts.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "controller/ports/lever.hpp"

namespace homeostat {
namespace {

constexpr Duration kPausedLong = std::chrono::hours{1};
// Of a job that does not start: what passes by itself has passed, and its window did not close at
// once.
constexpr int kStartsRefusedLong = 3;  // evaluations of the policy
constexpr int kFewestStarts = 3;       // tries

std::string pascal_case(const std::string& name) {
  std::string result;
  bool start = true;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) == 0) {
      start = true;
      continue;
    }
    result.push_back(start ? static_cast<char>(std::toupper(byte)) : c);
    start = false;
  }
  return result;
}

std::string whole_seconds(Duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(duration).count()) + " s";
}

/// One about this instance. Its start is the first report that shows it: the sink keeps the first.
Alert own(const Report& report, const std::string& name, const std::string& severity,
          const std::string& summary, const std::string& description) {
  Alert alert;
  alert.labels = {{"alertname", name}, {"instance", report.endpoint}, {"severity", severity}};
  std::erase_if(alert.labels, [](const auto& label) { return label.second.empty(); });
  alert.annotations = {{"summary", summary}, {"description", description}};
  alert.starts = report.wall;
  return alert;
}

/// The newest verdict about it, if that is a job's.
const Verdict* job_of(const ActiveAlert& active, const Report& report) {
  const auto about = [&active](const Verdict& verdict) {
    return verdict.job && verdict.policy == active.policy && verdict.subject == active.subject;
  };
  const auto at = std::find_if(report.verdicts.begin(), report.verdicts.end(), about);
  return at == report.verdicts.end() ? nullptr : &*at;
}

Alert of_policy(const ActiveAlert& active, const Report& report) {
  Alert alert;
  alert.labels = active.spec.labels;
  alert.labels["alertname"] = "Homeostat" + pascal_case(active.policy);
  alert.labels["policy"] = active.policy;
  alert.labels["subject"] = to_text(active.subject);
  alert.labels["severity"] = active.spec.severity;
  alert.labels["mode"] = to_text(active.mode);
  // Alertmanager drops empty labels from the identity and refuses a set of nothing but those.
  std::erase_if(alert.labels, [](const auto& label) { return label.second.empty(); });

  std::string doing = "acts on nothing";
  if (active.rung > 0) {
    doing = (active.share > 0 ? "stands on rung " : "in shadow it would stand on rung ") +
            std::to_string(active.rung);
    if (active.share > 0 && active.share < 1) doing += ", in canary";
  }
  std::string is = " is tripped";
  if (const auto* const job = job_of(active, report)) {
    is = job->job->failed ? "'s last run failed" : " is due, or under way";
    if (active.rung > 0) doing = active.mode == Mode::shadow ? "in shadow it would run" : "runs";
    if (active.rung > 0 && job->job->not_started) doing = "is ordered, and has not started";
  }
  alert.annotations = {
      {"summary", active.policy + is + " on " + to_text(active.subject)},
      {"description", "For " + whole_seconds(report.at - active.since) + "; the policy " + doing +
                          ". Why: homeostat explain " + active.policy + " --subject " +
                          to_text(active.subject)}};
  for (const auto& [key, text] : active.spec.annotations) alert.annotations[key] = text;
  if (!active.spec.runbook.empty()) alert.annotations["runbook_url"] = active.spec.runbook;
  alert.starts = report.wall - (report.at - active.since);
  return alert;
}

/// What is not known about each subject, in words. Signals that no probe has answered for yet are
/// not missed: a daemon that has just started is not blind.
std::map<Subject, std::set<std::string>> blind_spots(const Report& report) {
  std::map<Subject, std::set<std::string>> spots;
  for (const auto& probe : report.probes) {
    if (probe.up || probe.error.empty()) continue;
    spots[probe.subject].insert("probe " + probe.probe + ": " + probe.error);
  }
  for (const auto& sample : report.samples) {
    const bool missed =
        sample.quality == Quality::absent && sample.reason != AbsentReason::never_sampled;
    if (!missed) continue;
    spots[sample.subject].insert(sample.signal + " " + std::string(to_text(sample.reason)));
  }
  return spots;
}

Alert blind(const Report& report, const Subject& subject, const std::set<std::string>& missing) {
  std::string list;
  for (const auto& item : missing) list.append(list.empty() ? "" : "; ").append(item);
  Alert alert = own(report, "HomeostatBlind", "page",
                    "Homeostat cannot see " + to_text(subject) + " and starts nothing there", list);
  alert.labels["subject"] = to_text(subject);
  return alert;
}

Alert of_policy_about(const Report& report, const std::string& name, const BenchedLever& benched,
                      const std::string& summary) {
  const std::string who = benched.policy + " on " + to_text(benched.subject);
  Alert alert = own(report, name, "page", who + summary,
                    "For another " + whole_seconds(benched.left) +
                        ". How its acts were judged: homeostat history --policy " + benched.policy);
  alert.labels["policy"] = benched.policy;
  alert.labels["subject"] = to_text(benched.subject);
  return alert;
}

const Policy* policy_named(const Report& report, const std::string& name) {
  const auto found = std::find_if(report.policies.begin(), report.policies.end(),
                                  [&](const Policy& policy) { return policy.name == name; });
  return found == report.policies.end() ? nullptr : &*found;
}

/// `report.benched` is in order of policy and subject.
void add_benched(const Report& report, std::vector<Alert>& alerts) {
  std::size_t in_a_row = 0;
  for (std::size_t i = 0; i < report.benched.size(); ++i) {
    const auto& benched = report.benched[i];
    const bool same = i > 0 && report.benched[i - 1].policy == benched.policy &&
                      report.benched[i - 1].subject == benched.subject;
    in_a_row = same ? in_a_row + 1 : 1;
    if (benched.harmful) {
      auto alert = of_policy_about(
          report, "HomeostatHarmfulAct", benched,
          ": rung " + std::to_string(benched.rung) + " did harm, is given back and passed over");
      alert.labels["rung"] = std::to_string(benched.rung);
      alerts.push_back(std::move(alert));
    }
    const auto* const policy = policy_named(report, benched.policy);
    if (policy == nullptr || in_a_row < policy->ladder.size()) continue;
    alerts.push_back(of_policy_about(report, "HomeostatNoRungLeft", benched,
                                     " has no rung left to climb: none has helped"));
  }
}

/// Another instance leads, and tells what the policies and levers have to tell. Only one may: two
/// that see different things would resolve each other's alerts.
bool stands_by(const Report& report) {
  return report.bar == ForwardBar::not_leader && !report.lease_holder.empty() && !report.leaderless;
}

/// Why nothing can be set, in words; empty while all is as it should be. A disk that is full has an
/// alert of its own.
std::string impotence(const Report& report) {
  switch (report.bar) {
    case ForwardBar::not_leader:
      return report.leaderless ? "nobody leads" : "";
    case ForwardBar::ledger_lost:
      return "the ledger cannot be used";
    case ForwardBar::lease_flapping:
      return "leadership changes hands by force too often";
    case ForwardBar::identity_changed:
      return "the ledger is on another server than before, or than the one that is sampled";
    default:
      return {};
  }
}

Alert of_lever(const Report& report, const OpenLever& open, const std::string& name,
               const std::string& severity, const std::string& summary,
               const std::string& description) {
  Alert alert = own(report, name, severity, summary, description);
  alert.labels["lever"] = open.row.key.lever;
  alert.labels["target"] = open.row.key.target;
  return alert;
}

/// " --policy NAME" for the pause of a policy.
std::string of_scope(const std::string& scope) {
  const auto slash = scope.find('/');
  return slash == std::string::npos ? "" : " --policy " + scope.substr(slash + 1);
}

/// Jobs that would start now if a person said yes: one alert a policy, whatever it is about.
void add_unapproved(const Report& report, std::vector<Alert>& alerts) {
  std::string told;
  for (const auto& verdict : report.verdicts) {
    const bool waits = verdict.acts() && verdict.job && verdict.job->waits_for_approval;
    if (!waits || verdict.policy == told) continue;
    told = verdict.policy;
    Alert alert =
        own(report, "HomeostatPolicyWaits", "warning",
            told + " waits for a person's approval of its next run",
            "Nothing else keeps it from starting. What it saw: homeostat explain " + told +
                ". To let it start: homeostat ack --policy " + told + " --reason TEXT");
    alert.labels["policy"] = told;
    alerts.push_back(std::move(alert));
  }
}

/// Nothing of it is tried just now, for a reason that is told elsewhere.
bool is_held_back(const Report& report, const std::string& policy) {
  return report.bar != ForwardBar::none || !report.journal_usable ||
         std::any_of(report.pauses.begin(), report.pauses.end(),
                     [&](const Pause& pause) { return pause.scope == "policy/" + policy; });
}

/// Jobs that were ordered and do not start: one alert each. Also while they wait to go on with what
/// never began.
void add_not_started(const Report& report, std::vector<Alert>& alerts) {
  for (const auto& verdict : report.verdicts) {
    if (!verdict.acts() || !verdict.job || !verdict.job->not_started) continue;
    if (verdict.state == BreakerState::closed || is_held_back(report, verdict.policy)) continue;
    const auto* const policy = policy_named(report, verdict.policy);
    if (policy == nullptr) continue;
    const auto& waits = *verdict.job->not_started;
    if (waits.tries < kFewestStarts) continue;
    if (verdict.at - waits.since < kStartsRefusedLong * policy->every) continue;
    const auto who = verdict.policy + " on " + to_text(verdict.subject);
    Alert alert = own(report, "HomeostatJobNotStarted", "warning",
                      who + " was ordered and could not be started",
                      "Tried " + std::to_string(waits.tries) + " times: " + waits.why +
                          ". What it is about: homeostat explain " + verdict.policy);
    alert.labels["policy"] = verdict.policy;
    alert.labels["subject"] = to_text(verdict.subject);
    alerts.push_back(std::move(alert));
  }
}

/// What a policy wants and does not get: a storm, and nothing is shed.
void add_refused(const Report& report, std::vector<Alert>& alerts) {
  for (const auto& refused : report.refused) {
    if (refused.failing < report.tick || is_held_back(report, refused.policy)) continue;
    const auto what = refused.key.lever + " on " + refused.key.target;
    Alert alert = own(report, "HomeostatActRefused", "page",
                      refused.policy + " wants " + what + ", and it is refused",
                      "Tried " + std::to_string(refused.tries) + " times in " +
                          whole_seconds(refused.failing) + ": " + refused.why);
    alert.labels["policy"] = refused.policy;
    alert.labels["lever"] = refused.key.lever;
    alert.labels["target"] = refused.key.target;
    alerts.push_back(std::move(alert));
  }
}

/// What goes on only when somebody has acknowledged it.
void add_stopped(const Report& report, std::vector<Alert>& alerts) {
  if (report.braked) {
    alerts.push_back(own(report, "HomeostatStormBrake", "page",
                         "too many acts lately: nothing moves forward until somebody has looked",
                         "For " + whole_seconds(report.at - *report.braked) +
                             ". What was done: homeostat history. To go on: homeostat ack"));
  }
  for (const auto& canary : report.canaries) {
    if (!canary.memory.demoted) continue;
    const auto& memory = canary.memory;
    const bool failed = memory.failed + memory.harmful > 0;
    Alert alert =
        own(report, "HomeostatPolicyWaits", "warning",
            canary.policy + (failed ? " failed in canary and only watches"
                                    : " is new or was changed and only watches"),
            std::to_string(memory.passed) + " acts were right, " + std::to_string(memory.failed) +
                " needless or ineffective, " + std::to_string(memory.harmful) +
                " harmful. To go on: homeostat ack --policy " + canary.policy);
    alert.labels["policy"] = canary.policy;
    alerts.push_back(std::move(alert));
  }
  add_unapproved(report, alerts);
}

/// What levers left to somebody else beside their targets, one alert a subject.
void add_foreign_notes(const Report& report, std::vector<Alert>& alerts) {
  std::map<Subject, std::string> told;
  for (const auto& note : report.notes) {
    if (note.key != kForeignWriteNote) continue;
    auto& text = told[note.subject];
    text += (text.empty() ? "" : "; ") + note.text;
  }
  for (const auto& [subject, text] : told) {
    auto alert =
        own(report, "HomeostatForeignWrite", "warning",
            "somebody else has written what Homeostat had set of " + to_text(subject), text);
    alert.labels["subject"] = to_text(subject);
    alerts.push_back(std::move(alert));
  }
}

}  // namespace

std::vector<Alert> active_alerts(const std::vector<ActiveAlert>& policies, const Report& report) {
  std::vector<Alert> alerts;
  alerts.push_back(own(report, "HomeostatWatchdog", "none", "Homeostat is alive",
                       "Always firing. When this stops, Homeostat or the way to here has."));
  if (!stands_by(report)) {
    for (const auto& active : policies) alerts.push_back(of_policy(active, report));
  }
  // Not for a blip: a tick is what a policy would have waited, too.
  if (const auto why = impotence(report); !why.empty() && report.barred_for >= report.tick) {
    alerts.push_back(own(report, "HomeostatCannotAct", "page", "Homeostat starts nothing: " + why,
                         report.bar_detail));
  }
  for (const auto& [subject, missing] : blind_spots(report)) {
    alerts.push_back(blind(report, subject, missing));
  }
  for (const auto& open : report.levers) {
    const std::string what = open.row.key.lever + " on " + open.row.key.target;
    if (open.overdue > Duration{0}) {
      alerts.push_back(of_lever(
          report, open, "HomeostatRevertOverdue", "page", what + " is not back at its baseline",
          "Past its expiry by " + whole_seconds(open.overdue) +
              (open.last_error.empty() ? "" : ". Last error: " + open.last_error)));
    }
    // Renewals ask whether it could be given back, so that this is known before it is due (H14).
    if (open.failing > Duration{0} && open.failing >= report.tick) {
      alerts.push_back(
          of_lever(report, open, "HomeostatLeverRefused", "page",
                   what + " can be neither renewed nor given back",
                   "Refused for " + whole_seconds(open.failing) + ": " + open.last_error));
    }
    if (open.drifted) {
      alerts.push_back(of_lever(report, open, "HomeostatForeignWrite", "warning",
                                "somebody else has written " + what,
                                "Homeostat leaves that value alone" +
                                    (open.last_error.empty() ? "." : ": " + open.last_error)));
    }
  }
  add_foreign_notes(report, alerts);
  add_benched(report, alerts);
  if (!stands_by(report)) {
    add_stopped(report, alerts);
    add_not_started(report, alerts);
    add_refused(report, alerts);
  }
  for (const auto& pause : report.pauses) {
    if (pause.stood < kPausedLong) continue;
    Alert alert = own(report, "HomeostatPausedLong", "warning",
                      pause.owner + " paused " + pause.scope + " more than an hour ago",
                      pause.reason + ". To end it: homeostat resume" + of_scope(pause.scope));
    alert.labels["scope"] = pause.scope;
    alerts.push_back(std::move(alert));
  }
  if (!report.journal_usable) {
    alerts.push_back(own(report, "HomeostatJournalUnusable", "page",
                         "Homeostat cannot write its journal and starts nothing",
                         "Is the disk full? Reverts go on."));
  }
  if (!report.reload_ok) {
    alerts.push_back(own(report, "HomeostatReloadFailed", "warning",
                         "the last reload was refused; the set before it is in force",
                         report.reload_error));
  }
  return alerts;
}

}  // namespace homeostat
