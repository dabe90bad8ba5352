// SPDX-License-Identifier: Apache-2.0
// The gates between a tripped condition and a forward act.
#pragma once

#include "policies/engine/condition.hpp"
#include "policies/engine/evaluation.hpp"
#include "policies/engine/state.hpp"
#include "policies/model/policy.hpp"
#include "policies/model/snapshot.hpp"

namespace homeostat {

/// Holding by numbers of subjects makes sense from here on.
inline constexpr int kFewestSubjectsToHold = 4;

struct Guards {
  const EngineState& state;  ///< as it stands after the evaluations before this one
  ForwardBar bar = ForwardBar::none;
  Survey survey;           ///< empty for policies of fewer than four subjects
  int sessions_ended = 0;  ///< as in Snapshot
};

/// May the evaluation climb to `rung`, or take it again? Adds every gate that was asked to the
/// verdict, so that all that failed are named, not only the first.
bool may_move_forward(Evaluation& evaluation, const Guards& guards, int rung);

/// May a job start, or go on after it was stopped? As may_move_forward, but for the ladder, which
/// it does not have. Adds the gates.
bool may_start(Evaluation& evaluation, const Guards& guards);

/// May a job that runs go on: no policy of blocked_while is open, and of what moves data no lock
/// breaker? One that is only unknown stops nothing. Adds the gate.
bool may_go_on(Evaluation& evaluation, const Guards& guards);

/// May a regulator move its lever away from the baseline? Asks the bar and blocked_while only: it
/// is limited by its dead-band, step and interval, not by budgets. Adds the gates.
bool may_adjust(Evaluation& evaluation, const Guards& guards);

}  // namespace homeostat
