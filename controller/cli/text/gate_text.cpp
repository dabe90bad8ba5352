// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/text/gate_text.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <nlohmann/json.hpp>

#include "controller/cli/text/job_gate_text.hpp"
#include "controller/cli/text/quantity.hpp"

namespace homeostat::text {
namespace {

using nlohmann::json;

const Evidence* evidence_of(const Verdict& verdict, const Gate& gate) {
  const auto index = static_cast<std::size_t>(gate.arm);
  return gate.arm >= 0 && index < verdict.evidence.size() ? &verdict.evidence[index] : nullptr;
}

/// The arm's test in the policy's JSON; null when it is not known.
json test_of(const json& policy, const Gate& gate) {
  if (!policy.is_object() || gate.arm < 0) return nullptr;
  const json::json_pointer place("/open/arms/" + std::to_string(gate.arm) + "/test");
  return policy.contains(place) ? policy.at(place) : json();
}

std::string distance(const Gate& gate, const std::function<std::string(double)>& unit) {
  return unit(std::abs(gate.margin));
}

/// Whether the gate wants a value below its threshold: told by the sign of its margin.
bool wants_less(const Gate& gate) {
  const double over = gate.value - gate.threshold;
  return over != 0 && (over > 0) != (gate.margin > 0);
}

/// For a value that must lie beyond a threshold.
std::string beyond(const Gate& gate, const std::function<std::string(double)>& unit) {
  const auto value = unit(gate.value);
  if (gate.value == gate.threshold) return value + ", exactly at its threshold";
  const bool less = wants_less(gate);
  const auto threshold = unit(gate.threshold);
  if (gate.passed) {
    return value + (less ? ", below " : ", above ") + threshold + " by " + distance(gate, unit);
  }
  return value + (less ? ", must fall below " : ", must exceed ") + threshold + ": " +
         distance(gate, unit) + (less ? " too high" : " short");
}

std::string elapsed(const Gate& gate, const std::string& what) {
  const auto head = what + " " + seconds(gate.value) + " of " + seconds(gate.threshold);
  return gate.passed ? head + ": long enough" : head + ": " + distance(gate, seconds) + " to go";
}

std::string count(double value, const std::string& one) {
  return number(value) + " " + one + (value == 1 ? "" : "s");
}

std::string trip(const Gate& gate, const Evidence* evidence) {
  if (evidence != nullptr && evidence->cusum) {
    return "cusum S " + two_decimals(gate.value) + " of " + two_decimals(gate.threshold) + ": " +
           (gate.passed ? "tripped, " + distance(gate, two_decimals) + " over"
                        : distance(gate, two_decimals) + " short");
  }
  const auto signal = evidence != nullptr ? evidence->signal : std::string();
  return beyond(gate, [&](double value) { return of_signal(signal, value); });
}

/// "rose by 120 events, at least 100 asked: ..." in the signal's unit.
std::string rise(const Gate& gate, const Evidence* evidence) {
  const auto signal = evidence != nullptr ? evidence->signal : std::string();
  const auto unit = [&](double value) { return of_signal(signal, value); };
  const auto head = "rose by " + unit(gate.value) + " of " + unit(gate.threshold);
  return head + (gate.passed ? ": enough" : ": " + distance(gate, unit) + " short");
}

std::string clear(const Gate& gate, const Evidence* evidence) {
  const auto signal = evidence != nullptr ? evidence->signal : std::string();
  const auto unit = [&](double value) { return of_signal(signal, value); };
  return (gate.passed ? "clear, at " : "not clear, at ") + beyond(gate, unit);
}

std::string dwell(const Gate& gate, const json& policy) {
  const auto test = test_of(policy, gate);
  if (test.is_object() && test.contains("hold_for_us")) return elapsed(gate, "breached for");
  const bool evaluations = test.is_object();
  const auto head = "breached for " + number(gate.value) + " of " +
                    (evaluations ? count(gate.threshold, "evaluation") : number(gate.threshold)) +
                    (evaluations ? "" : " (evaluations, or seconds under `for:`)");
  return gate.passed ? head : head + ": " + distance(gate, number) + " to go";
}

std::string max_open(const Gate& gate) {
  const auto head = "tripped for " + seconds(gate.value) + " of " + seconds(gate.threshold);
  return head + (gate.passed ? ": ignored after that"
                             : ": ignored until it has been clear, " + distance(gate, seconds) +
                                   " past its time");
}

std::string limit(const Gate& gate, const std::string& what) {
  const auto head =
      count(gate.value, "subject") + " " + what + ", at most " + number(gate.threshold) + " may be";
  return gate.passed ? head : head + ": " + distance(gate, number) + " too many";
}

std::string budget(const Gate& gate, const std::string& whose) {
  if (!gate.passed) return "no forward act left " + whose + " in this budget window";
  return count(gate.value, "forward act") + " left " + whose + " in this budget window";
}

std::string known_subjects(const Gate& gate) {
  const auto head =
      count(gate.value, "subject") + " known, " + number(gate.threshold) + " needed to act on any";
  return gate.passed ? head : head + ": " + distance(gate, number) + " short";
}

/// The value that a regulator computed against an end of its bounds.
std::string bound(const Gate& gate, const std::string& which) {
  const auto head = "computed " + number(gate.value) + ", " + which + " " + number(gate.threshold);
  return gate.passed ? head : head + ": kept at the bound";
}

std::string known_inputs(const Gate& gate) {
  const auto head =
      number(gate.value) + " of " + count(gate.threshold, "signal") + " of the formula known";
  return gate.passed ? head : head + ": the lever is held";
}

std::string dead_band(const Gate& gate) {
  const auto head = "a move by " + number(gate.value) + ", the least is " + number(gate.threshold);
  return gate.passed ? head : head + ": within the dead-band";
}

std::string max_step(const Gate& gate) {
  const auto head = "a move by " + number(gate.value) + ", the most is " + number(gate.threshold);
  return gate.passed ? head : head + " at once: the rest follows";
}

/// A job that moves data waits for lock breakers that it does not name, too.
std::string blocked_while(const Gate& gate, bool of_job, const json& policy) {
  std::string names;
  if (policy.is_object() && policy.contains("blocked_while")) {
    for (const auto& name : policy["blocked_while"]) {
      if (name.is_string()) names += (names.empty() ? "" : ", ") + name.get<std::string>();
    }
  }
  if (of_job) names += std::string(names.empty() ? "" : ", ") + "the breakers about locks";
  if (names.empty()) names = "the policies of blocked_while";
  if (!gate.passed) return "open or unknown: one of " + names;
  if (!gate.left_out) return "none of " + names + " is open";
  return "of " + names + " one is open, but not by what makes others wait: arms with max_rung" +
         (of_job ? ", or about how even data lies," : "") + " are left out";
}

std::string words(const Verdict& verdict, const Gate& gate, const Evidence* evidence,
                  const json& policy) {
  switch (gate.kind) {
    case GateKind::trip:
      return trip(gate, evidence);
    case GateKind::backstop:
      return "mean over the backstop's window " + beyond(gate, number);
    case GateKind::dwell:
      return dwell(gate, policy);
    case GateKind::rise:
      return rise(gate, evidence);
    case GateKind::window:
      return elapsed(gate, "its rise is not known yet: the window holds");
    case GateKind::absent_for:
      return elapsed(gate, "absent for");
    case GateKind::not_clear:
      return "counts only while not clear: " + beyond(gate, number);
    case GateKind::max_open:
      return max_open(gate);
    case GateKind::clear:
      return clear(gate, evidence);
    case GateKind::clear_for:
      return elapsed(gate, "clear for");
    case GateKind::hold:
      return elapsed(gate, "held for");
    case GateKind::climb_after:
      return elapsed(gate, "since the last rung");
    case GateKind::climb_above:
      return "climbs only while above ref: " + beyond(gate, number);
    case GateKind::healthy_for:
      return elapsed(gate, "since the last rung given back");
    case GateKind::freshness:
      return "measured " + seconds(gate.value) + " ago, at most " + seconds(gate.threshold) +
             (gate.passed ? "" : ": " + distance(gate, seconds) + " too old");
    case GateKind::known_subjects:
      return known_subjects(gate);
    case GateKind::breached_share:
      return limit(gate, "breached");
    case GateKind::open_subjects:
      return limit(gate, "open with this one");
    case GateKind::escalation:
      return share(gate.value) + " of its node open with this one, which takes the node from " +
             share(gate.threshold) + " on: needs no budget";
    case GateKind::policy_budget:
      return budget(gate, "to this policy");
    case GateKind::cluster_budget:
      return budget(gate, "to the cluster");
    case GateKind::sessions_per_hour:
      return gate.passed ? count(gate.value, "session") + " may still be ended this hour"
                         : "all policies together have ended as many sessions this hour as "
                           "limits.sessions_per_hour allows";
    case GateKind::rungs:
      return gate.passed ? count(gate.value, "rung") + " left to climb" : "no rung left to climb";
    case GateKind::bar:
      return gate.passed ? "nothing bars forward acts" : "forward acts barred: " + bar(verdict.bar);
    case GateKind::blocked_while:
      return blocked_while(gate, verdict.kind == PolicyKind::job, policy);
    case GateKind::benched:
      return "rung " + std::to_string(gate.rung) + " is benched for another " +
             seconds(gate.value) + ": it did not help, or did harm, when it was tried";
    case GateKind::known_inputs:
      return known_inputs(gate);
    case GateKind::lower_bound:
      return bound(gate, "at least");
    case GateKind::upper_bound:
      return bound(gate, "at most");
    case GateKind::dead_band:
      return dead_band(gate);
    case GateKind::max_step:
      return max_step(gate);
    case GateKind::cut_every:
      return elapsed(gate, "since the last cut");
    case GateKind::grow_every:
      return elapsed(gate, "since the last cut or growth");
    case GateKind::one_at_a_time:
      if (verdict.kind == PolicyKind::job) return job_gate(gate, verdict.policy);
      return gate.passed ? "no shards are being moved, and all servers answer"
                         : "shards are being moved, or a server does not answer";
    case GateKind::wall_clock:
    case GateKind::start_window:
    case GateKind::at_most_every:
    case GateKind::cooldown:
    case GateKind::approval:
    case GateKind::time_budget:
    case GateKind::byte_budget:
    case GateKind::bytes_per_day:
    case GateKind::deadline:
    case GateKind::resume_window:
      return job_gate(gate, verdict.policy);
  }
  return "";
}

}  // namespace

std::string gate(const Verdict& verdict, const Gate& gate, const json& policy) {
  const auto* evidence = evidence_of(verdict, gate);
  const auto said = words(verdict, gate, evidence, policy);
  return evidence != nullptr ? evidence->signal + ": " + said : said;
}

std::string bar(ForwardBar bar) {
  switch (bar) {
    case ForwardBar::none:
      return "nothing";
    case ForwardBar::not_leader:
      return "another instance leads, or the lease is not confirmed";
    case ForwardBar::ledger_lost:
      return "the ledger's server cannot be reached";
    case ForwardBar::journal_unusable:
      return "the journal cannot be written";
    case ForwardBar::lease_flapping:
      return "leadership changed hands by force too often lately";
    case ForwardBar::identity_changed:
      return "the server is not the one that was measured before";
    case ForwardBar::paused:
      return "paused by an operator";
    case ForwardBar::stopping:
      return "the daemon is stopping";
    case ForwardBar::storm_brake:
      return "the storm brake is on: too many acts lately (homeostat ack)";
  }
  return "";
}

std::string failed_gates(const Verdict& verdict, const nlohmann::json& policy,
                         std::span<const GateKind> kinds) {
  std::string out;
  for (const auto& one : verdict.gates) {
    const bool asked =
        kinds.empty() || std::find(kinds.begin(), kinds.end(), one.kind) != kinds.end();
    if (one.passed || !asked) continue;
    out += (out.empty() ? "" : "; ") + gate(verdict, one, policy);
  }
  return out;
}

std::string sentence(const std::string& head, const std::string& why) {
  return head + (why.empty() ? "." : ": " + why + ".");
}

std::string absence(AbsentReason reason) {
  switch (reason) {
    case AbsentReason::none:
      return "no reason given";
    case AbsentReason::never_sampled:
      return "not sampled yet";
    case AbsentReason::failed:
      return "the probe failed";
    case AbsentReason::timeout:
      return "the probe did not answer in time";
    case AbsentReason::stale:
      return "the last reading is too old";
    case AbsentReason::partial:
      return "half or more of its parts are missing";
    case AbsentReason::not_a_number:
      return "not a number";
    case AbsentReason::missing_privilege:
      return "the monitor role lacks a GRANT";
    case AbsentReason::identity_changed:
      return "the server is another one than before";
  }
  return "";
}

}  // namespace homeostat::text
