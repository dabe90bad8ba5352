// SPDX-License-Identifier: Apache-2.0
// The test `trend`: a gauge or counter that rises by at least so much over a window of folds, for
// a time.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "policies/engine/state.hpp"
#include "policies/model/policy.hpp"

namespace homeostat {

/// Share of the window that must lie between its oldest and its newest fold before a rise is known.
inline constexpr double kTrendCoverage = 0.8;

/// How a trend reads its signal.
struct TrendRules {
  bool counter = false;
  Aggregate aggregate = Aggregate::max;    ///< of several members' rises and values
  std::optional<double> clear_level = {};  ///< of a gauge's value; of a counter's rise
};

/// Of an arm with this test. Members' rises make the cluster's: of gauges the worst counts, of
/// counters the sum, unless the policy says otherwise.
TrendRules trend_rules(const PolicySet& set, const Arm& arm);

/// At least as much as the test asks; what is not known is no rise.
bool risen(const TrendTest& test, std::optional<double> rise);

/// One step, on the folds that ended last: the subject's own, or each member's.
/// - A member's value is the mean over its fold. Its rise is that of the newest over the oldest
///   fold in the window; of a counter the sum of what it rose from fold to fold, where a fall (it
///   started anew) adds nothing. Not known until the two lie 80 % of the window apart: what came
///   before a gap is nothing to compare with.
/// - Clear is a value below the clear level (of a counter: a rise below it); without one, a known
///   rise that is not enough. A clear fold is never breached, however steep: from 2 to 150 is no
///   trouble where 1000 is none. An idle fold is clear.
/// - While the rise is not known the streak is held: it neither grows nor breaks.
/// REQUIRES: the folds have one number, more than stepped_fold; at least one.
void step_trend(ArmMemory& memory, const TrendTest& test, const TrendRules& rules,
                const std::vector<std::pair<Subject, Fold>>& folds, const EngineSettings& settings);

/// It has stepped, but not on the fold that ended last: nothing was read then.
bool last_step_missing(const ArmMemory& memory, const EngineSettings& settings, TimePoint now);

/// Between the oldest and the newest fold in the window, of the member that goes back furthest.
Duration window_covered(const ArmMemory& memory, const EngineSettings& settings);

/// What of the window must be covered.
Duration window_needed(const TrendTest& test, const EngineSettings& settings);

/// Breached for as long as the test asks.
bool trend_tripped(const ArmMemory& memory, const TrendTest& test, const EngineSettings& settings);

}  // namespace homeostat
