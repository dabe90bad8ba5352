// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/text/regulator_text.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <span>

#include "controller/cli/text/gate_text.hpp"
#include "controller/cli/text/quantity.hpp"

namespace homeostat::text {
namespace {

using nlohmann::json;

constexpr std::array kLimits{GateKind::lower_bound, GateKind::upper_bound, GateKind::max_step};
constexpr std::array kWaits{GateKind::dead_band, GateKind::cut_every, GateKind::grow_every,
                            GateKind::lower_bound, GateKind::upper_bound};
constexpr std::array kBars{GateKind::bar, GateKind::blocked_while};

std::string unknown_inputs(const Verdict& verdict) {
  std::string out;
  for (const auto& evidence : verdict.evidence) {
    if (evidence.quality != Quality::absent) continue;
    out += (out.empty() ? "" : "; ") + evidence.signal + " (" + absence(evidence.reason) + ")";
  }
  return out.empty() ? "the formula has no number for these inputs" : out;
}

}  // namespace

std::string regulator_state(const Verdict& verdict) {
  return verdict.value ? "stands at " + number(*verdict.value) : "sets nothing yet";
}

std::string regulator_reason(const Verdict& verdict, const json& policy) {
  const auto stands = verdict.value ? number(*verdict.value) : "nothing";
  switch (verdict.step) {
    case Step::adjusted:
      return sentence("Set to " + stands, failed_gates(verdict, policy, kLimits));
    case Step::blocked:
      return sentence("Would move to " + number(verdict.target.value_or(0)) + ", but may not",
                      failed_gates(verdict, policy, kBars));
    case Step::unknown:
      return verdict.value ? "Held at " + stands + ": unknown is " + unknown_inputs(verdict) + "."
                           : "Sets nothing: unknown is " + unknown_inputs(verdict) + ".";
    default:
      return sentence("Stands at " + stands, failed_gates(verdict, policy, kWaits));
  }
}

}  // namespace homeostat::text
