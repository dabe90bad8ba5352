// SPDX-License-Identifier: Apache-2.0
// Capped CUSUM over folds of a ratio (Page 1954), as simulated for Homeostat: it sums the excess
// over `ref`, at most `step_cap` a fold, so that a short blip cannot trip it, however bad.
#pragma once

#include <optional>

#include "policies/engine/state.hpp"
#include "policies/model/policy.hpp"

namespace homeostat {

/// While half open, evidence may grow faster and less of it suffices: a false re-opening costs
/// little there, a late one costs another storm.
inline constexpr double kHalfOpenStepCap = 0.5;
inline constexpr double kHalfOpenTripShare = 0.5;

/// Share of the backstop's window that must be covered by folds that are not absent.
inline constexpr double kBackstopCoverage = 0.8;

/// r = (sum of numerators + weight*ratio*n) / (sum of denominators + weight*n) over the fold's n
/// readings. Empty readings count in n: the prior alone speaks then, and evidence decays.
double folded_ratio(const CusumTest& test, const Fold& fold);

/// S at which it trips: `trip`, and half of it while half open.
double trip_level(const CusumTest& test, BreakerState state);

/// One step: S <- clamp(S + min(cap, r - ref), 0, 2*trip). A fold of an idle system (denominators
/// all 0) is clear and never adds to S. Clear time is counted in whole folds, the one in which the
/// signal turned included: detection cannot tell better than a fold when a storm ended, and would
/// otherwise give back up to a fold later than promised. The very first fold, of which only a part
/// may have been seen, starts the clock at 0. REQUIRES: fold.number > stepped_fold.
void step_cusum(ArmMemory& memory, const CusumTest& test, std::optional<double> clear_level,
                const Fold& fold, const EngineSettings& settings, BreakerState state);

/// Mean of r over the backstop's window that ends with the fold stepped on last; nothing until 80 %
/// of the window are covered.
std::optional<double> backstop_mean(const ArmMemory& memory, const EngineSettings& settings);

/// S or the backstop says yes, and the last fold is not itself clear: old evidence alone neither
/// opens nor climbs once the signal is well.
bool cusum_tripped(const ArmMemory& memory, const CusumTest& test, const EngineSettings& settings,
                   BreakerState state);

/// Something was folded, but nothing in the fold that ended last.
bool last_fold_absent(const ArmMemory& memory, const EngineSettings& settings, TimePoint now);

/// What was gathered counts no more: S and the backstop's window start anew. On the way back (half
/// open, closed, resolved), never on the way forward: a mild excess would need minutes to gather
/// the evidence for the next rung again.
void consume_evidence(ArmMemory& memory);

}  // namespace homeostat
