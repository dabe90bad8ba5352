// SPDX-License-Identifier: Apache-2.0
// The job: started at its time, running until it is finished or its budget is used up, resumed in
// later windows. Its lever stands while it is to run; giving that back stops it.
#pragma once

#include "policies/engine/evaluation.hpp"
#include "policies/engine/guards.hpp"
#include "policies/model/snapshot.hpp"

namespace homeostat {

/// One evaluation's step, from arms that `look` has filled in. Changes the runtime's memory; adds
/// the gates that it asked, and how the job stands, to the verdict.
///
/// - Idle: starts inside its windows when `when` holds and at_most_every has passed since the last
///   start; or, whatever windows and at_most_every say, when `early` holds. Never within the
///   cooldown after the end of the last run, without the time of day, while another job runs on the
///   target, or without its approval; and only when every guard of a forward act passes.
///   What its arguments say as `trigger` is what tripped then, for the whole of the run: later
///   parts and another leader do not ask again.
/// - Running: until whoever carries it out says that it is finished, stopped or failed; stopped
///   when a budget or the deadline of this part, or what all jobs may move, is used up, or a policy
///   of blocked_while or a breaker about locks has opened (unknown is not enough to stop what
///   runs). Bars and pauses keep it running: they bar what is new.
/// - Stopped: resumed inside a window of `resume` that began after it was stopped. Conditions,
///   at_most_every, cooldown and approval are not asked again: they were, for the run. Without
///   windows to resume in, a run that is stopped is over.
/// - What only shadow has started nobody carries out: it is taken to last as long as its budget, or
///   else its deadline, and not at all without either.
Step step_job(Evaluation& evaluation, const Snapshot& snapshot, const Guards& guards);

}  // namespace homeostat
