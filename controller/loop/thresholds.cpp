// SPDX-License-Identifier: Apache-2.0
#include "controller/loop/thresholds.hpp"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <variant>

namespace homeostat {
namespace {

/// Nothing for what one look at the database cannot tell: a rise and an absence take time, and a
/// record is nothing that is measured.
std::optional<Threshold> threshold_of(const Policy& policy, int number, const Arm& arm) {
  if (!arm.record.empty()) return std::nullopt;
  Threshold made;
  made.policy = policy.name;
  made.arm = number;
  made.kind = policy.kind;
  made.mode = policy.mode;
  made.signal = arm.signal;
  made.policy_hash = policy.hash;
  const auto& open = policy.open;
  made.decides = open.combination == Combination::any || open.arms.size() == 1;
  static_assert(std::variant_size_v<decltype(arm.test)> == 4,
                "may another test need a level here?");
  if (const auto* level = std::get_if<LevelTest>(&arm.test)) {
    made.comparison = level->comparison;
    made.level = level->threshold;
  } else if (const auto* cusum = std::get_if<CusumTest>(&arm.test)) {
    made.level = cusum->ref;
    made.prior_weight = cusum->prior_weight;
    made.prior_ratio = cusum->prior_ratio;
  } else {
    return std::nullopt;
  }
  return made;
}

}  // namespace

std::vector<Threshold> thresholds_of(const PolicySet& policies) {
  std::vector<Threshold> all;
  for (const auto& policy : policies.policies) {
    // What a zone is judged by is not what the server as a whole is.
    const bool of_zones =
        !policy.subjects.empty() && policy.subjects.front().kind == SubjectKind::zone;
    if (policy.mode == Mode::off || of_zones) continue;
    int number = 0;
    for (const auto& arm : policy.open.arms) {
      if (auto made = threshold_of(policy, ++number, arm)) all.push_back(std::move(*made));
    }
  }
  return all;
}

nlohmann::json thresholds_json(const std::vector<Threshold>& thresholds) {
  auto all = nlohmann::json::array();
  for (const auto& threshold : thresholds) {
    nlohmann::json one;
    one["policy"] = threshold.policy;
    one["arm"] = threshold.arm;
    one["kind"] = std::string{to_text(threshold.kind)};
    one["mode"] = std::string{to_text(threshold.mode)};
    one["signal"] = threshold.signal;
    one["comparison"] = threshold.comparison == Comparison::above ? "above" : "below";
    one["level"] = threshold.level;
    one["decides"] = threshold.decides;
    one["prior_weight"] = threshold.prior_weight;
    one["prior_ratio"] = threshold.prior_ratio;
    one["policy_hash"] = threshold.policy_hash;
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace homeostat
