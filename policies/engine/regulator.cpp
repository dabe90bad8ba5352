// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/regulator.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "policies/engine/bench.hpp"
#include "policies/engine/formula_reading.hpp"
#include "policies/engine/reason.hpp"
#include "policies/engine/timers.hpp"

namespace homeostat {
namespace {

double standing(const Evaluation& evaluation) {
  return evaluation.runtime.regulated.value.value_or(evaluation.policy.regulator->baseline);
}

/// What is asked for, within the bounds: the only number that is kept.
double clamped(Evaluation& evaluation, double computed) {
  const Bounds& bounds = evaluation.policy.regulator->bounds;
  auto& verdict = evaluation.verdict;
  add_gate(verdict, GateKind::lower_bound, -1, computed, bounds.min, computed - bounds.min);
  add_gate(verdict, GateKind::upper_bound, -1, computed, bounds.max, bounds.max - computed);
  const double target = std::clamp(computed, bounds.min, bounds.max);
  verdict.computed = computed;
  verdict.target = target;
  return target;
}

std::optional<double> by_formula(Evaluation& evaluation, const Snapshot& snapshot) {
  const auto& policy = evaluation.policy;
  const auto& subject = evaluation.runtime.memory.subject;
  auto reading =
      read_formula(evaluation.set, snapshot, *policy.regulator->to, subject, evaluation.now);
  auto& verdict = evaluation.verdict;
  for (auto& seen : reading.evidence) verdict.evidence.push_back(std::move(seen));
  const double missing = reading.known - reading.signals;
  add_gate(verdict, GateKind::known_inputs, -1, reading.known, reading.signals, missing);
  if (!reading.value) return std::nullopt;
  return clamped(evaluation, *reading.value);
}

/// Long enough since `last`, which may never have been.
bool rested(Evaluation& evaluation, GateKind kind, const std::optional<TimePoint>& last) {
  const Duration every = evaluation.policy.regulator->aimd->every;
  const Duration since = last ? evaluation.now - *last : every;
  return add_time_gate(evaluation, kind, -1, since, every);
}

std::optional<double> by_aimd(Evaluation& evaluation) {
  if (evaluation.condition == Truth::unknown) return std::nullopt;
  const Regulator& regulator = *evaluation.policy.regulator;
  const auto& memory = evaluation.runtime.regulated;
  const double from = standing(evaluation);
  if (evaluation.condition == Truth::yes) {
    const bool may = rested(evaluation, GateKind::cut_every, memory.last_cut);
    return clamped(evaluation, may ? from * regulator.aimd->cut : from);
  }
  if (!evaluation.arms.front().clear) return clamped(evaluation, from);
  const bool may =
      rested(evaluation, GateKind::grow_every, std::max(memory.last_cut, memory.last_growth));
  return clamped(evaluation, may ? from + regulator.aimd->grow * regulator.bounds.max : from);
}

/// The way from where the lever stands: nothing within the dead-band, no further than one step.
double limited(Evaluation& evaluation, double target) {
  const Bounds& bounds = evaluation.policy.regulator->bounds;
  const double from = standing(evaluation);
  const double distance = std::abs(target - from);
  if (distance == 0) return from;
  auto& verdict = evaluation.verdict;
  if (bounds.dead_band > 0) {
    const double least = bounds.dead_band * std::abs(from);
    add_gate(verdict, GateKind::dead_band, -1, distance, least, distance - least);
    if (distance < least) return from;
  }
  if (!bounds.max_step) return target;
  add_gate(verdict, GateKind::max_step, -1, distance, *bounds.max_step,
           *bounds.max_step - distance);
  if (distance <= *bounds.max_step) return target;
  const double step = target > from ? *bounds.max_step : -*bounds.max_step;
  // The sum may be off by a rounding.
  return std::clamp(from + step, bounds.min, bounds.max);
}

/// Nearer to the baseline than what stands. Where nothing stands, nothing is.
bool relaxes(const Evaluation& evaluation, double value) {
  const auto& stands = evaluation.runtime.regulated.value;
  const double baseline = evaluation.policy.regulator->baseline;
  return stands && std::abs(value - baseline) <= std::abs(*stands - baseline);
}

void move_to(Evaluation& evaluation, double value) {
  auto& memory = evaluation.runtime.regulated;
  if (evaluation.policy.regulator->aimd && memory.value) {
    (value < *memory.value ? memory.last_cut : memory.last_growth) = evaluation.now;
  } else if (evaluation.policy.regulator->aimd && evaluation.condition == Truth::yes) {
    memory.last_cut = evaluation.now;
  }
  memory.value = value;
  evaluation.runtime.reasons.assign(1, regulated_reason(evaluation, value));
}

Step step_from(Evaluation& evaluation, double target, const Guards& guards) {
  const double value = limited(evaluation, target);
  const auto& stands = evaluation.runtime.regulated.value;
  if (stands && value == *stands) return value == target ? Step::idle : Step::holding;
  if (!relaxes(evaluation, value) && !may_adjust(evaluation, guards)) return Step::blocked;
  move_to(evaluation, value);
  return Step::adjusted;
}

}  // namespace

Step step_regulator(Evaluation& evaluation, const Snapshot& snapshot, const Guards& guards) {
  const bool formula = evaluation.policy.regulator->to.has_value();
  const auto target = formula ? by_formula(evaluation, snapshot) : by_aimd(evaluation);
  const Step step = target ? step_from(evaluation, *target, guards) : Step::unknown;
  evaluation.verdict.value = evaluation.runtime.regulated.value;
  return step;
}

DesiredLever regulated_lever(const Policy& policy, const PolicyRuntime& runtime) {
  const Act& act = policy.ladder.front();
  DesiredLever desired;
  desired.key = lever_of(policy, runtime.memory.subject, 1);
  desired.value = act.value;
  desired.value.arguments[policy.regulator->argument] = *runtime.regulated.value;
  desired.ttl = act.ttl;
  desired.policy = policy.name;
  desired.subject = runtime.memory.subject;
  desired.policy_hash = policy.hash;
  if (!runtime.reasons.empty()) desired.reason = runtime.reasons.front();
  desired.regulated = policy.regulator->argument;
  desired.baseline = policy.regulator->baseline;
  return desired;
}

}  // namespace homeostat
