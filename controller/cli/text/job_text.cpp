// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/text/job_text.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "controller/cli/text/gate_text.hpp"
#include "controller/cli/text/quantity.hpp"

namespace homeostat::text {
namespace {

using nlohmann::json;

JobStatus status_of(const Verdict& verdict) { return verdict.job.value_or(JobStatus{}); }

/// ", 12 GB moved", or nothing: not every job counts bytes.
std::string moved(const JobStatus& status) {
  return status.bytes_done > 0 ? ", " + bytes(status.bytes_done) + " moved" : "";
}

std::string progress(const JobStatus& status) {
  std::string out = duration(status.ran.value_or(Duration{})) + " so far" + moved(status);
  if (status.left) out += ", by a guess " + duration(*status.left) + " to go";
  return out;
}

/// "WHY (tried 5 times in 2 min, and again at least every 30 s)".
std::string tried(const NotStarted& waits, TimePoint now) {
  const auto since = duration(now - waits.since);
  const auto tries = waits.tries == 1
                         ? "tried once, " + since + " ago"
                         : "tried " + std::to_string(waits.tries) + " times in " + since;
  return waits.why + " (" + tries + ", and again at least every " +
         duration(kLongestBetweenStarts) + ")";
}

/// ", and had never begun: WHY", of a part that is over.
std::string never_begun(const JobStatus& status) {
  return status.not_started ? ", and had not begun: " + status.not_started->why : "";
}

/// ": WHY", as far as somebody has said.
std::string as_told(const JobStatus& status) { return status.why.empty() ? "" : ": " + status.why; }

std::string why_stopped(JobStop stop) {
  switch (stop) {
    case JobStop::none:
      return "it was stopped";
    case JobStop::time_budget:
      return "the time of its budget was used up";
    case JobStop::byte_budget:
      return "the bytes of its budget were used up";
    case JobStop::bytes_per_day:
      return "what all jobs may move in a day was used up";
    case JobStop::deadline:
      return "its deadline had come";
    case JobStop::blocked:
      return "a policy that blocks it had opened";
    case JobStop::outside:
      return "somebody else stopped it";
  }
  return "";
}

bool asked_and_failed(const Verdict& verdict, GateKind kind) {
  return std::any_of(verdict.gates.begin(), verdict.gates.end(),
                     [kind](const Gate& one) { return one.kind == kind && !one.passed; });
}

std::string started(const Verdict& verdict) {
  const bool early = asked_and_failed(verdict, GateKind::start_window) ||
                     asked_and_failed(verdict, GateKind::at_most_every);
  std::string why;
  for (const auto& evidence : verdict.evidence) {
    if (!evidence.tripped) continue;
    const auto judged = evidence.judged.value_or(evidence.numerator);
    why += (why.empty() ? "" : "; ") + evidence.signal + " " + of_signal(evidence.signal, judged);
  }
  if (why.empty()) why = "its time has come";
  if (const auto chosen = status_of(verdict).chosen; !chosen.empty()) why += "; by " + chosen;
  return sentence(early ? "Started early" : "Started", why);
}

std::string stopped(const Verdict& verdict) {
  const auto status = status_of(verdict);
  const bool over = verdict.state == BreakerState::closed;
  return "Stopped, for " + why_stopped(status.stop) + as_told(status) + moved(status) +
         never_begun(status) + (over ? "; the run is over." : "; it goes on in a later window.");
}

std::string job_holding(const Verdict& verdict, const json& policy) {
  const auto status = status_of(verdict);
  if (verdict.state == BreakerState::open) {
    if (status.not_started)
      return "Ordered, not started: " + tried(*status.not_started, verdict.at) + ".";
    return "Runs: " + progress(status) + ".";
  }
  return sentence(
      "Waits to go on, since " + why_stopped(status.stop) + as_told(status) + never_begun(status),
      failed_gates(verdict, policy));
}

}  // namespace

std::string job_state(const Verdict& verdict) {
  const auto status = status_of(verdict);
  switch (verdict.state) {
    case BreakerState::closed:
      if (status.failed) return "idle, the last run FAILED" + as_told(status);
      return status.not_started ? "idle, the last run NEVER BEGAN: " + status.not_started->why
                                : "idle";
    case BreakerState::open:
      if (status.not_started) {
        return "ordered, NOT STARTED for " + duration(verdict.at - status.not_started->since);
      }
      return "running, " + progress(status);
    case BreakerState::half_open:
      return "stopped" + moved(status) + never_begun(status) + ", to go on later";
  }
  return "";
}

std::string job_reason(const Verdict& verdict, const json& policy) {
  const bool stands_still = verdict.state == BreakerState::half_open;
  switch (verdict.step) {
    case Step::started:
      return started(verdict);
    case Step::resumed:
      return "Goes on with what was stopped before.";
    case Step::stopped:
      return stopped(verdict);
    case Step::finished:
      return "Finished" + moved(status_of(verdict)) + ".";
    case Step::failed:
      return "Failed" + as_told(status_of(verdict)) + moved(status_of(verdict)) +
             "; the run is over.";
    case Step::holding:
      return job_holding(verdict, policy);
    case Step::blocked:
      return sentence(stands_still ? "Would go on, but may not" : "Would start, but may not",
                      failed_gates(verdict, policy));
    default:
      return sentence("Nothing to do", failed_gates(verdict, policy));
  }
}

}  // namespace homeostat::text
