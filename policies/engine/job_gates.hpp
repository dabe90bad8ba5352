// SPDX-License-Identifier: Apache-2.0
// What a job asks before it starts or goes on, and what stops it. Each adds its gate to the verdict
// (none where the policy does not ask for it) and says whether it passed. Internal to the engine.
#pragma once

#include "policies/engine/evaluation.hpp"
#include "policies/engine/guards.hpp"
#include "policies/engine/state.hpp"
#include "policies/model/snapshot.hpp"

namespace homeostat {

/// The time of day is known. Asked of every start: a machine without a clock starts nothing.
bool add_wall_clock(Evaluation& evaluation, const Snapshot& snapshot);

/// Inside one of the windows, or there are none.
bool add_start_window(Evaluation& evaluation, const Snapshot& snapshot);

/// Long enough since the last start.
bool add_at_most_every(Evaluation& evaluation);

/// Long enough since the last end.
bool add_cooldown(Evaluation& evaluation);

/// When an act or an acknowledgement was is told by the ledger as an age, which is a little off
/// each time it is read: so long after a start nothing yet counts as said after it, lest a restart
/// takes the yes to one run for one to the next.
inline constexpr Duration kAgesDiffer = std::chrono::seconds{5};

/// A person has said yes (`homeostat ack --policy`) since approvals_from. REQUIRES: that is known
/// of a job that needs approval.
bool add_approval(Evaluation& evaluation, const Snapshot& snapshot);

/// Nobody runs a job on the target: no other policy of the same standing (enforced, or not), and
/// nobody else as far as is reported.
bool add_one_at_a_time(Evaluation& evaluation, const Snapshot& snapshot, const EngineState& state);

/// All jobs together have moved less than limits.bytes_per_day; asked where there is one, of what
/// really moves any.
bool add_bytes_per_day(Evaluation& evaluation, const EngineState& state);

/// Inside a window to resume in that began after the run was stopped.
bool add_resume_window(Evaluation& evaluation, const Snapshot& snapshot);

/// The first limit of the part under way that is used up; none: it may go on. `progress` is what is
/// reported of it, if anything is.
JobStop exceeded_limit(Evaluation& evaluation, const JobProgress* progress, const Guards& guards);

}  // namespace homeostat
