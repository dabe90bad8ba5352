// SPDX-License-Identifier: Apache-2.0
// What a supervisor tells of a step.
#include <algorithm>
#include <utility>

#include "controller/loop/narration.hpp"
#include "controller/loop/supervisor.hpp"
#include "controller/loop/supervisor_alerts.hpp"
#include "controller/loop/tally.hpp"
#include "policies/engine/budgets.hpp"
#include "policies/loader/scalars.hpp"

namespace homeostat {
namespace {

std::string described(const Pause& pause) {
  const auto left = std::chrono::ceil<std::chrono::seconds>(pause.remaining);
  return "by " + pause.owner + " for another " + loader::format_duration(left) + ": " +
         pause.reason;
}

std::vector<Note> notes_of(const std::vector<Lever*>& levers) {
  std::vector<Note> all;
  for (const auto* lever : levers) {
    for (auto& note : lever->notes()) all.push_back(std::move(note));
  }
  return all;
}

std::vector<RefusedLever> refused_levers(const Reconciler& reconciler, const PolicySet& set) {
  std::vector<RefusedLever> all;
  for (const auto& [key, refusal] : reconciler.refused()) {
    const auto* const policy = find_policy(set, refusal.policy);
    if (policy != nullptr && policy->kind == PolicyKind::job) continue;
    const auto& tried = refusal.tried;
    all.push_back({key, refusal.policy, refusal.newest - tried.since, tried.tries, tried.why});
  }
  return all;
}

}  // namespace

std::string Supervisor::bar_detail() const {
  if (snapshot_.bar == ForwardBar::identity_changed) return identity_mismatch();
  if (snapshot_.bar != ForwardBar::paused) return leadership_.detail();
  const auto& pauses = leadership_.pauses();
  const auto all = std::find_if(pauses.begin(), pauses.end(),
                                [](const Pause& pause) { return pause.scope == kClusterScope; });
  return all == pauses.end() ? std::string() : described(*all);
}

void Supervisor::publish(TimePoint now, const Decision& decision) {
  Report report = tally_;
  report.version = settings_.version;
  report.instance = settings_.instance;
  report.endpoint = settings_.endpoint;
  report.wall = parts_.clock.wall();
  report.at = now;
  report.step_every = policies_.settings.sample_every;
  report.mode_ceiling = settings_.mode_ceiling;
  report.ledger_configured = leadership_.configured();
  report.leader = leadership_.leader();
  report.epoch = leadership_.epoch();
  report.lease_holder = leadership_.holder();
  report.leaderless = leadership_.leaderless();
  report.bar = snapshot_.bar;
  if (report.bar == ForwardBar::none && state_.braked) report.bar = ForwardBar::storm_brake;
  report.barred_for = report.bar == ForwardBar::none ? Duration{} : now - barred_since_;
  report.tick = settings_.tick;
  report.bar_detail = bar_detail();
  report.reload_ok = report.reload_error.empty();
  report.journal_usable = parts_.journal.usable();
  report.pauses = leadership_.pauses();
  report.samples = snapshot_.samples;
  report.notes = sampler_.notes();
  report.details = sampler_.details();
  report.probes = sampler_.statuses();
  report.policies = policies_.policies;
  for (const auto& [key, verdict] : verdicts_) report.verdicts.push_back(verdict);
  report.desired = decision.desired;
  report.would = decision.would;
  report.levers = reconciler_.open(now);
  report.refused = refused_levers(reconciler_, policies_);
  report.benched = benched_levers(policies_, state_, now);
  report.canaries = canaries(policies_, state_);
  report.overruled = decision.overruled;
  report.braked = state_.braked;
  for (const auto* lever : parts_.levers) report.stale_sessions.merge(lever->stale_sessions());
  if (report.leader) {  // of who stands by, they are as old as its own lead
    for (const auto* lever : parts_.levers) {
      for (auto& window : lever->batch_windows()) report.batch_windows.push_back(std::move(window));
    }
  }
  auto noted = report.leader ? notes_of(parts_.levers) : std::vector<Note>();
  log_notes(parts_.log, noted, lever_notes_);
  report.notes.insert(report.notes.end(), noted.begin(), noted.end());
  lever_notes_ = std::move(noted);
  report.feature_share = feature_shares(settings_.features, report.levers);
  report.budget_remaining = budget_remaining(policies_, state_, now);
  report.amounts_remaining = amounts_remaining(policies_, state_, snapshot_, now);
  if (parts_.notify_failures) report.notify_failures = parts_.notify_failures();
  report.alerts = active_alerts(decision.alerts, report);
  if (parts_.alerts != nullptr) parts_.alerts->publish(report.alerts, report.wall);
  report_ = std::make_shared<const Report>(std::move(report));
}

}  // namespace homeostat
