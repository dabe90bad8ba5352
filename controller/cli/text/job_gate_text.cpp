// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/text/job_gate_text.hpp"

#include <cmath>

#include "controller/cli/text/quantity.hpp"

namespace homeostat::text {
namespace {

std::string waited(const Gate& gate, const std::string& since) {
  const auto head = seconds(gate.value) + " of " + seconds(gate.threshold) + " since " + since;
  return gate.passed ? head : head + ": " + seconds(std::abs(gate.margin)) + " to go";
}

std::string used(const Gate& gate, const std::string& head, std::string (*unit)(double)) {
  const auto both = head + unit(gate.value) + " of " + unit(gate.threshold);
  return gate.passed ? both : both + ": used up";
}

}  // namespace

std::string job_gate(const Gate& gate, const std::string& policy) {
  switch (gate.kind) {
    case GateKind::wall_clock:
      return gate.passed ? "the time of day is known" : "the time of day is not known";
    case GateKind::start_window:
      return gate.passed ? "inside its windows" : "outside its windows";
    case GateKind::at_most_every:
      return waited(gate, "the last start");
    case GateKind::cooldown:
      return waited(gate, "the end of the last run");
    case GateKind::approval:
      return gate.passed ? "approved"
                         : "waits for a person's approval: homeostat ack --policy " + policy +
                               " --reason TEXT";
    case GateKind::one_at_a_time:
      return gate.passed ? "no other job runs on its target" : "another job runs on its target";
    case GateKind::time_budget:
      return used(gate, "ran ", seconds);
    case GateKind::byte_budget:
      return used(gate, "moved ", bytes);
    case GateKind::bytes_per_day:
      return used(gate, "all jobs within a day moved ", bytes);
    case GateKind::deadline:
      return used(gate, "since its start ", seconds);
    case GateKind::resume_window:
      return gate.passed ? "inside a window to resume in"
                         : "outside its windows to resume in, or in the one that it was stopped in";
    default:
      return "";
  }
}

}  // namespace homeostat::text
