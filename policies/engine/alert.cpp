// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/alert.hpp"

#include "policies/engine/condition.hpp"
#include "policies/engine/cusum.hpp"

namespace homeostat {

Step step_alert(Evaluation& evaluation) {
  auto& runtime = evaluation.runtime;
  auto& memory = runtime.memory;
  const bool firing = memory.state != BreakerState::closed;
  const bool clear = firing && arms_clear(evaluation, std::nullopt);
  if (!firing) {
    if (evaluation.condition == Truth::unknown) return Step::unknown;
    if (evaluation.condition == Truth::no) return Step::idle;
    memory.state = BreakerState::open;
    memory.opened = evaluation.now;
    memory.changed = evaluation.now;
    return Step::fired;
  }
  if (evaluation.condition == Truth::yes) return Step::holding;
  if (tripped_arm_unknown(evaluation)) return Step::unknown;
  if (!clear) return Step::holding;
  memory.state = BreakerState::closed;
  memory.changed = evaluation.now;
  for (auto& arm : runtime.arms) consume_evidence(arm);
  return Step::resolved;
}

void follow_alert(Evaluation& evaluation) {
  auto& runtime = evaluation.runtime;
  const bool went_wrong = runtime.memory.job && runtime.memory.job->failed;
  const bool open = runtime.memory.state != BreakerState::closed || went_wrong;
  if (open || evaluation.condition == Truth::yes) {
    if (!runtime.alert_since) runtime.alert_since = evaluation.now;
  } else if (!tripped_arm_unknown(evaluation)) {
    runtime.alert_since.reset();
  }
}

std::optional<ActiveAlert> active_alert(const Policy& policy, const PolicyRuntime& runtime) {
  if (!policy.alert || !runtime.alert_since) return std::nullopt;
  return ActiveAlert{policy.name,   runtime.memory.subject, *policy.alert,      policy.mode,
                     runtime.share, *runtime.alert_since,   runtime.memory.rung};
}

}  // namespace homeostat
