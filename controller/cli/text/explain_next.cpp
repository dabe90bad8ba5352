// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/text/explain_next.hpp"

#include <nlohmann/json.hpp>
#include <vector>

#include "controller/cli/text/quantity.hpp"
#include "policies/model/codec.hpp"

namespace homeostat::text {
namespace {

using nlohmann::json;

Duration us_at(const json& policy, const char* pointer) {
  const json::json_pointer place(pointer);
  if (!policy.contains(place) || !policy.at(place).is_number_integer()) return Duration{};
  return Duration{policy.at(place).get<std::int64_t>()};
}

/// "pg_blocked_ratio below 0.15 for 1 min, and …": of the arms that have a clear level.
std::string clear_levels(const json& policy) {
  std::string out;
  for (const auto& arm : policy.value(json::json_pointer("/open/arms"), json::array())) {
    if (!arm.contains("clear_level") || !arm["clear_level"].is_number()) continue;
    const auto signal = arm.value("signal", "");
    const bool low = arm.contains("test") && arm["test"].value("comparison", "") == "below";
    out += out.empty() ? "" : ", and ";
    out += signal + (low ? " above " : " below ") +
           of_signal(signal, arm["clear_level"].get<double>()) + " for " +
           duration(us_at(arm, "/clear_for_us"));
  }
  return out;
}

std::string climbs(const Verdict& verdict, const json& policy) {
  if (verdict.rung >= verdict.rungs) return "";
  const int next = verdict.rung + 1;
  return " While it stays beyond, rung " + std::to_string(next) + act_of(policy, next) +
         " follows " + duration(us_at(policy, "/climb_after_us")) + " after the last.";
}

}  // namespace

std::string act_of(const json& policy, int rung) {
  if (!policy.is_object() || rung < 1) return "";
  const json::json_pointer place("/ladder/" + std::to_string(rung - 1));
  if (!policy.contains(place)) return "";
  const auto& act = policy.at(place);
  const auto value = lever_value_from_json(act.value("value", json::object()));
  if (!value.has_value()) return "";
  const LeverKey key{act.value("lever", ""), act.value("target", "")};
  return " (" + lever_key(key) + ": " + lever_value(*value) + ")";
}

std::string what_next(const Verdict& verdict, const json& policy) {
  if (verdict.kind != PolicyKind::breaker || !policy.is_object()) return "";
  const auto levels = clear_levels(policy);
  switch (verdict.state) {
    case BreakerState::closed:
      return verdict.rungs == 0 ? "" : " The first to be taken is rung 1" + act_of(policy, 1) + ".";
    case BreakerState::open:
      return climbs(verdict, policy) + " It gives back from " + duration(verdict.hold) +
             " after it opened" + (levels.empty() ? "." : ", with " + levels + ".");
    case BreakerState::half_open:
      return " The next step back comes after " + duration(us_at(policy, "/restore/each_us")) +
             (levels.empty() ? "" : ", while " + levels) +
             "; should it trip again, the rung given back last is taken again.";
  }
  return "";
}

std::string what_was_touched(const Verdict& verdict) {
  if (verdict.kind == PolicyKind::alert || verdict.step == Step::idle) return "";
  if (!verdict.acts())
    return " It is in " + std::string(to_text(verdict.mode)) + ": nothing of this was touched.";
  if (verdict.share >= 1) return "";
  return " In canary only " + share(verdict.share) + " of it is acted on.";
}

}  // namespace homeostat::text
