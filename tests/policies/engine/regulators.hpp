// SPDX-License-Identifier: Apache-2.0
// Regulators over signals of the cluster, evaluated each second.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "policies/engine/formula.hpp"
#include "tests/policies/engine/world.hpp"

namespace homeostat::testing {

/// Every name of the text is a signal of this name.
inline Formula formula(const std::string& text, const std::vector<std::string>& signals) {
  Formula result;
  result.text = text;
  result.program = compile_formula(text, signals, {}).program;
  for (const auto& name : result.program->names()) result.inputs.push_back({name, name, {}});
  return result;
}

inline Policy regulator() {
  Policy policy;
  policy.name = "window";
  policy.kind = PolicyKind::regulator;
  policy.mode = Mode::enforce;
  policy.every = seconds(1);
  policy.hash = "c0ffee";
  Act set;
  set.lever = "batch_window";
  set.target = "group/play-counts";
  set.value.arguments["drain_limit"] = 10000.0;
  set.ttl = seconds(60);
  policy.ladder = {set};
  return policy;
}

/// min(0.1, 1/rate) in 0..0.1 s: the lever restricts least at 0.
inline Policy batch_window() {
  Policy policy = regulator();
  Regulator rule;
  rule.argument = "window";
  rule.bounds = {0, 0.1, 0, {}};
  rule.baseline = 0;
  rule.to = formula("min(0.1, 1 / rate)", {"rate"});
  policy.regulator = std::move(rule);
  return policy;
}

/// Concurrency 40..400, cut to 0.7 while `waiting` is above 1, grown by 20 while below 0.5.
inline Policy back_pressure() {
  Policy policy = regulator();
  policy.name = "back-pressure";
  policy.ladder[0].lever = "admission";
  policy.ladder[0].target = "zone/1";
  Regulator rule;
  rule.argument = "concurrency";
  rule.bounds = {40, 400, 0, {}};
  rule.baseline = 400;
  rule.aimd = Aimd{0.7, 0.05, seconds(3)};
  policy.regulator = std::move(rule);
  Arm over = level_arm(1, 0.5);
  over.signal = "waiting";
  policy.open.arms = {over};
  return policy;
}

inline void put_signal(World& world, const char* signal, double value) {
  put(world.snapshot, gauge(signal, {}, value, world.now));
}

/// Where the policy's lever is to stand; nothing when it is not set.
inline std::optional<double> stands(const Decision& decision, const std::string& argument) {
  if (decision.desired.empty()) return std::nullopt;
  return std::get<double>(decision.desired.front().value.arguments.at(argument));
}

}  // namespace homeostat::testing
