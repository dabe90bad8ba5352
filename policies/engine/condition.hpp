// SPDX-License-Identifier: Apache-2.0
// Conditions: what each arm of a policy says, and what they say together.
#pragma once

#include <optional>

#include "policies/engine/evaluation.hpp"
#include "policies/engine/state.hpp"
#include "policies/model/policy.hpp"
#include "policies/model/snapshot.hpp"

namespace homeostat {

/// At every step, whether the policy is evaluated or not: arms on folds (cusum, trend) step on each
/// that has ended since, EWMAs take each new reading, absences are followed.
void observe(const PolicySet& set, const Snapshot& snapshot, const EngineState& state,
             const Policy& policy, PolicyRuntime& runtime, TimePoint now);

/// An arm has evidence that is not enough yet: S above zero, a breach streak or an absence begun.
bool armed(const PolicyRuntime& runtime);

/// What the arms of a job's `when` (or of its `early`) say together; nothing where it has none.
std::optional<Truth> job_condition(const Policy& policy, const std::vector<ArmView>& arms,
                                   bool early);

/// Looks at every arm: fills `arms`, `condition`, the verdict's evidence and the arms' gates, and
/// moves the arms' streaks and max_open on.
void look(Evaluation& evaluation, const Snapshot& snapshot);

/// Every arm that tripped since the breaker was closed is clear, each for `at_least` (its own
/// clear_for when not given); an arm past its max_open is left aside. Adds the gates.
bool arms_clear(Evaluation& evaluation, std::optional<Duration> at_least);

/// The same of this moment, whatever it was before; adds no gate.
bool tripped_arms_clear(const Evaluation& evaluation);

/// An arm that tripped since the breaker was closed cannot be seen now, so that nobody can say
/// whether it is clear. An absent arm that never tripped has no say in this: it would keep open for
/// ever what it did not open.
bool tripped_arm_unknown(const Evaluation& evaluation);

/// The condition holds by arms that are beyond their threshold (or ref) now, not only by what they
/// gathered before: S stays above its trip for a while between clear and ref, and that must not
/// climb. Adds the gates.
bool still_beyond(Evaluation& evaluation);

/// The highest rung that the arms now tripped allow (while open: those still beyond their
/// threshold); at most the ladder's last.
int rung_limit(const Evaluation& evaluation);

/// What holding counts, of all subjects of a policy at one step.
struct Survey {
  int subjects = 0;
  int known = 0;     ///< the condition is true or false
  int breached = 0;  ///< beyond the threshold now, however short: staggered detectors must not hide
                     ///< that everything is bad
};
Survey survey(const PolicySet& set, const Snapshot& snapshot, const EngineState& state,
              const Policy& policy, TimePoint now);

}  // namespace homeostat
