// SPDX-License-Identifier: Apache-2.0
// What a formula makes of what is known of a subject at one step.
#pragma once

#include <optional>
#include <vector>

#include "policies/engine/reading.hpp"
#include "policies/model/formula.hpp"
#include "policies/model/verdict.hpp"

namespace homeostat {

struct FormulaReading {
  /// May be infinite. Nothing: an input is absent, or there is no number for these.
  std::optional<double> value;
  AbsentReason reason = AbsentReason::none;  ///< of the first input that is absent
  std::optional<TimePoint> taken;            ///< of the oldest sample that it is made of
  int signals = 0;                           ///< that it reads, those of its records included
  int known = 0;                             ///< of them
  std::vector<Evidence> evidence;            ///< one a signal and record, each name once
};

/// A ratio of an idle system, 0/0, counts as 0. Where a signal has no sample about the cluster
/// itself, its members' stand for it as in a condition: ratios pool, and of gauges the highest
/// counts.
FormulaReading read_formula(const PolicySet& set, const Snapshot& snapshot, const Formula& formula,
                            const Subject& subject, TimePoint now);

/// A record as a condition sees it: a gauge; absent (not_a_number) while it is infinite.
SignalReading read_record(const PolicySet& set, const Snapshot& snapshot, const Formula& record,
                          const Subject& subject, TimePoint now);

/// Any of its signals says that the server is not the one that was measured before.
bool server_changed(const Snapshot& snapshot, const Formula& formula, const Subject& subject);

}  // namespace homeostat
