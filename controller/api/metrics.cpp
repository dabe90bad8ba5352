// SPDX-License-Identifier: Apache-2.0
#include "controller/api/metrics.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <sstream>
#include <utility>
#include <vector>

namespace homeostat {
namespace {

constexpr const char* kBudgetHelp =
    "What is left in the window: forward acts, by policy and of the cluster; sessions that may be "
    "ended; bytes that jobs may move.";

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

/// Families in order of name, each with all of its series together, as the format asks.
class Families {
 public:
  void gauge(const std::string& name, const std::string& help, Labels labels, double value) {
    if (auto* metric = add(name, help, MetricType::Gauge, std::move(labels))) {
      metric->gauge.value = value;
    }
  }
  void counter(const std::string& name, const std::string& help, Labels labels, double value) {
    if (auto* metric = add(name, help, MetricType::Counter, std::move(labels))) {
      metric->counter.value = value;
    }
  }
  bool has(const std::string& name) const { return families_.contains(name); }

  std::string text() && {
    std::vector<MetricFamily> list;
    for (auto& [name, family] : families_) list.push_back(std::move(family));
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, list);
    return out.str();
  }

 private:
  /// Null for a series that is there already: one repeated series would make Prometheus refuse
  /// the whole answer.
  ClientMetric* add(const std::string& name, const std::string& help, MetricType type,
                    Labels labels) {
    if (!series_.emplace(name, labels).second) return nullptr;
    auto& family = families_[name];
    family.name = name;
    family.help = help;
    family.type = type;
    auto& metric = family.metric.emplace_back();
    metric.label = std::move(labels);
    return &metric;
  }
  std::set<std::pair<std::string, Labels>> series_;
  std::map<std::string, MetricFamily> families_;
};

double number(bool flag) { return flag ? 1 : 0; }
double timestamp(WallTime time) { return to_seconds(time.time_since_epoch()); }
double number(std::uint64_t count) { return static_cast<double>(count); }

void add_supervisor(const Report& report, Families& families) {
  families.gauge("homeostat_build_info", "Always 1; the version that runs.",
                 {{"version", report.version}}, 1);
  families.gauge("homeostat_leader", "1 while this instance may write to the target's levers.",
                 {{"target", "cluster"}}, number(report.leader));
  families.gauge("homeostat_epoch", "Epoch of the lease as last seen.", {{"target", "cluster"}},
                 static_cast<double>(report.epoch));
  families.gauge("homeostat_last_tick_timestamp_seconds", "When the last tick was completed.", {},
                 timestamp(report.last_tick));
  families.counter("homeostat_ticks_total", "Ticks completed.", {}, number(report.ticks));
  families.counter("homeostat_ticks_skipped_total",
                   "Ticks left out because the next one was due when they could start.", {},
                   number(report.ticks_skipped));
  families.counter("homeostat_steps_skipped_total",
                   "Steps left out because the next one was due when they could start.", {},
                   number(report.steps_skipped));
  families.gauge("homeostat_config_last_reload_successful",
                 "0 when the last reload was refused and the set before it is in force.", {},
                 number(report.reload_ok));
  families.gauge("homeostat_journal_usable", "0 while the local journal cannot be written.", {},
                 number(report.journal_usable));
  for (const auto bar : kForwardBars) {
    families.gauge("homeostat_forward_bar",
                   "1 for what keeps this instance from forward acts; `none` when nothing does.",
                   {{"bar", std::string(to_text(bar))}}, number(report.bar == bar));
  }
  for (const auto& pause : report.pauses) {
    families.gauge("homeostat_paused", "1 while an operator's pause of this scope stands.",
                   {{"scope", pause.scope}, {"owner", pause.owner}}, 1);
  }
  for (const auto& [instance, count] : report.notify_failures) {
    families.counter("homeostat_notify_failures_total",
                     "Requests to an Alertmanager that failed, and alerts dropped.",
                     {{"instance", instance}}, number(count));
  }
}

bool legal_name(const std::string& name) {
  const auto legal = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && std::all_of(name.begin(), name.end(), legal);
}

void add_freshness(const Report& report, Families& families) {
  std::map<Subject, TimePoint> newest;
  for (const auto& sample : report.samples) {
    if (sample.quality == Quality::absent) {
      families.gauge("homeostat_signal_unknown", "1 for a signal that is absent, and why.",
                     {{"signal", sample.signal},
                      {"subject", to_text(sample.subject)},
                      {"reason", std::string(to_text(sample.reason))}},
                     1);
    } else if (sample.signal != kAlwaysKnown) {  // always known, so it says nothing of freshness
      auto& at = newest.try_emplace(sample.subject, sample.taken).first->second;
      at = std::max(at, sample.taken);
    }
  }
  for (const auto& probe : report.probes) {
    const auto found = newest.find(probe.subject);
    if (found == newest.end()) continue;
    families.gauge("homeostat_sample_age_seconds", "Age of the newest sample that was not absent.",
                   {{"probe", probe.probe}, {"subject", to_text(probe.subject)}},
                   to_seconds(report.at - found->second));
  }
}

/// REQUIRES: all other families are there, so that a signal of an injected file cannot pass for
/// one of them.
void add_signals(const Report& report, Families& families) {
  std::map<std::string, bool> ours;  // by metric name, as it was before the first signal
  for (const auto& sample : report.samples) {
    const std::string name = "homeostat_" + sample.signal;
    const auto known = ours.try_emplace(name, families.has(name)).first;
    const auto value = value_of(sample);
    if (!value || !legal_name(sample.signal) || known->second) continue;
    const Labels labels{{"subject", to_text(sample.subject)}};
    const std::string help = "Signal " + sample.signal + ", newest sample.";
    if (sample.signal.ends_with("_total")) {
      families.counter(name, help, labels, *value);
    } else {
      families.gauge(name, help, labels, *value);
    }
  }
}

void add_policies(const Report& report, Families& families) {
  for (const auto& policy : report.policies) {
    for (const auto mode : {Mode::off, Mode::shadow, Mode::canary, Mode::enforce}) {
      families.gauge("homeostat_policy_mode", "1 for the mode in force, mode_ceiling applied.",
                     {{"policy", policy.name}, {"mode", std::string(to_text(mode))}},
                     number(policy.mode == mode));
    }
  }
  for (const auto& canary : report.canaries) {
    families.gauge("homeostat_canary_share",
                   "Share that a policy in canary acts on; 0 while it only watches.",
                   {{"policy", canary.policy}}, canary.share);
  }
  for (const auto& verdict : report.verdicts) {
    const Labels who{{"policy", verdict.policy}, {"subject", to_text(verdict.subject)}};
    for (const auto state : {BreakerState::closed, BreakerState::open, BreakerState::half_open}) {
      Labels labels = who;
      labels.push_back({"state", std::string(to_text(state))});
      families.gauge("homeostat_policy_state", "1 for the state the policy is in.",
                     std::move(labels), number(verdict.state == state));
    }
    families.gauge("homeostat_policy_rungs", "The highest rung of the ladder that is engaged.", who,
                   verdict.rung);
    for (const auto& gate : verdict.gates) {
      Labels labels = who;
      labels.push_back({"gate", std::string(to_text(gate.kind))});
      if (gate.arm >= 0) labels.push_back({"arm", std::to_string(gate.arm)});
      if (gate.rung > 0) labels.push_back({"rung", std::to_string(gate.rung)});
      families.gauge("homeostat_gate_margin",
                     "How far a gate was passed (>= 0) or missed (< 0), in its own unit.",
                     std::move(labels), gate.margin);
    }
  }
  for (const auto& [budget, left] : report.budget_remaining) {
    families.gauge("homeostat_budget_remaining", kBudgetHelp, {{"budget", budget}}, left);
  }
  for (const auto& [budget, left] : report.amounts_remaining) {
    families.gauge("homeostat_budget_remaining", kBudgetHelp, {{"budget", budget}},
                   static_cast<double>(left));
  }
  for (const auto& [key, count] : report.would_acts) {
    families.counter("homeostat_would_act_total", "Acts that a policy in shadow would have made.",
                     {{"policy", key.first}, {"lever", key.second}}, number(count));
  }
  for (const auto& [key, count] : report.effects) {
    families.counter("homeostat_effects_total", "Acts by how `expect:` judged them.",
                     {{"policy", key.first}, {"outcome", key.second}}, number(count));
  }
  for (const auto& benched : report.benched) {
    families.gauge("homeostat_benched_seconds",
                   "How long a rung that did not help, or did harm, is still passed over.",
                   {{"policy", benched.policy},
                    {"subject", to_text(benched.subject)},
                    {"rung", std::to_string(benched.rung)}},
                   to_seconds(benched.left));
  }
  for (const auto& [key, count] : report.acts) {
    const auto& [policy, lever, outcome] = key;
    families.counter("homeostat_acts_total", "Writes to levers by what came of them.",
                     {{"policy", policy}, {"lever", lever}, {"outcome", outcome}}, number(count));
  }
}

void add_levers(const Report& report, Families& families) {
  std::map<std::string, int> open;
  std::map<std::string, Duration> overdue;
  // Levers that a policy may use stand at 0, so that a rate or an alert has something to hold on.
  for (const auto& policy : report.policies) {
    for (const auto& act : policy.ladder) {
      open.try_emplace(act.lever, 0);
      overdue.try_emplace(act.lever, Duration{0});
    }
  }
  for (const auto& lever : report.levers) {
    ++open[lever.row.key.lever];
    auto& longest = overdue[lever.row.key.lever];
    longest = std::max(longest, lever.overdue);
    families.gauge("homeostat_lever_drift", "1 when somebody else's value stands at the target.",
                   {{"lever", lever.row.key.lever}, {"target", lever.row.key.target}},
                   number(lever.drifted));
  }
  for (const auto& [lever, count] : open) {
    families.gauge("homeostat_ledger_open", "Targets that stand away from their baseline.",
                   {{"lever", lever}}, count);
  }
  for (const auto& [lever, longest] : overdue) {
    families.gauge("homeostat_revert_overdue_seconds",
                   "Longest time past an expiry without a revert.", {{"lever", lever}},
                   to_seconds(longest));
  }
  for (const auto& [role, sessions] : report.stale_sessions) {
    families.gauge("homeostat_stale_sessions",
                   "Sessions of a role that began before its settings last changed.",
                   {{"role", role}}, sessions);
  }
  for (const auto& [feature, share] : report.feature_share) {
    families.gauge("homeostat_feature_share", "Share of a feature that is admitted, 0 to 1.",
                   {{"feature", feature}}, share);
  }
}

void add_process(const Report& report, const ProcessUsage& usage, Families& families) {
  families.counter("process_cpu_seconds_total", "User and system CPU time.", {}, usage.cpu_seconds);
  families.gauge("process_resident_memory_bytes", "Resident memory.", {}, usage.resident_bytes);
  families.gauge("process_virtual_memory_bytes", "Virtual memory.", {}, usage.virtual_bytes);
  families.gauge("process_open_fds", "Open file descriptors.", {}, usage.open_fds);
  families.gauge("process_max_fds", "Most file descriptors that may be open.", {}, usage.max_fds);
  families.gauge("process_start_time_seconds", "When the process started, since 1970.", {},
                 timestamp(report.started));
}

/// REQUIRES: as add_signals(), of which a detail cannot pass for one either.
void add_details(const Report& report, Families& families) {
  std::map<std::string, bool> ours;
  for (const auto& detail : report.details) {
    const std::string name = "homeostat_" + detail.name;
    const auto known = ours.try_emplace(name, families.has(name)).first;
    if (known->second) continue;
    Labels labels{{"subject", to_text(detail.subject)}};
    for (const auto& [label, value] : detail.labels) labels.push_back({label, value});
    families.gauge(name, "Detail " + detail.name + ", newest reading.", std::move(labels),
                   detail.value);
  }
}

}  // namespace

std::string metrics_text(const Report& report, const std::optional<ProcessUsage>& process) {
  Families families;
  add_supervisor(report, families);
  add_policies(report, families);
  add_levers(report, families);
  if (process) add_process(report, *process, families);
  add_freshness(report, families);
  add_signals(report, families);
  add_details(report, families);
  return std::move(families).text();
}

}  // namespace homeostat
