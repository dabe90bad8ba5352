// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/decision_digest.hpp"

#include <nlohmann/json.hpp>

#include "policies/loader/digest.hpp"
#include "policies/loader/scalars.hpp"
#include "policies/model/codec.hpp"

namespace homeostat {

void DecisionDigest::see(const SimulatedStep& step) {
  ++ticks_;
  // Each step hangs on all before it.
  std::string bytes = digest_ + std::to_string(step.now.time_since_epoch().count());
  for (const auto& sample : step.snapshot.samples) {
    bytes.append(" ").append(to_text(sample.quality)).append(" ");
    bytes +=
        loader::format_number(sample.numerator) + "/" + loader::format_number(sample.denominator);
  }
  const auto& decision = step.decision;
  for (const auto& lever : decision.desired) bytes += to_json(lever).dump();
  for (const auto& verdict : decision.verdicts) bytes += to_json(verdict).dump();
  for (const auto& effect : decision.effects) bytes += to_json(effect).dump();
  if (!decision.verdicts.empty()) {
    for (const auto& memory : memories(decision.state)) bytes += to_json(memory).dump();
  }
  digest_ = loader::short_digest(bytes);
}

}  // namespace homeostat
