// SPDX-License-Identifier: Apache-2.0
// Rungs whose acts did nothing, or harm: passed over for a growing time when the ladder is climbed.
//
// A rung that was ineffective stays engaged while the breaker is open: that the signal did not fall
// does not say that it would not have risen, and nothing that sheds is given back in the middle of
// a storm (it comes back like any other, in its turn). A harmful one is given back at once.
#pragma once

#include <set>
#include <vector>

#include "policies/engine/evaluation.hpp"
#include "policies/engine/state.hpp"
#include "policies/model/lever.hpp"
#include "policies/model/policy.hpp"
#include "policies/model/verdict.hpp"

namespace homeostat {

/// Whether a rung stands: at or below the highest one engaged, and not left out.
bool engaged(const PolicyMemory& memory, int rung);

/// Whether the highest rung engaged is the only one: the one that comes back in steps.
bool last_left(const PolicyMemory& memory);

/// The lever and target of a rung; without a target of its own, the subject is it.
LeverKey lever_of(const Policy& policy, const Subject& subject, int rung);

/// How long a rung is still passed over; zero: it is not benched.
Duration bench_left(const PolicyMemory& memory, int rung, TimePoint now);

/// The rung to climb to: the first above the highest one engaged that is not benched; when there is
/// none, the lowest that was left out and whose bench is over; when there is none either, one past
/// the ladder's end. Adds a gate for each rung passed over.
int next_rung(Evaluation& evaluation);

/// Engages `rung`; those between it and the highest one engaged so far are left out.
void engage(PolicyMemory& memory, int rung);

/// Gives back the highest rung engaged, and with it what was left out directly below.
void disengage_highest(PolicyMemory& memory);

/// Nothing is engaged any more.
void disengage_all(PolicyMemory& memory);

/// A rung of an enforced policy that is benched, and for how long still. Points into what it was
/// asked of.
struct BenchedNow {
  const Policy& policy;
  const PolicyMemory& memory;
  const BenchedRung& benched;
  Duration left{};
};

/// In order of policy, subject and rung.
std::vector<BenchedNow> benched_now(const PolicySet& set, const EngineState& state, TimePoint now);

/// Levers that a rung of an enforced policy was taken back from because it did harm, while it is
/// benched for that.
std::set<LeverKey> harmful_levers(const PolicySet& set, const EngineState& state, TimePoint now);

/// What the outcome of an act of `rung` brings with it. Effective: it has proved itself, and what
/// was held against it is forgotten. Ineffective: benched for longer with each try in a row.
/// Harmful: given back, and benched for the longest time. Anything else: nothing.
void follow_outcome(const Policy& policy, PolicyMemory& memory, int rung, EffectOutcome outcome,
                    TimePoint now);

/// What was kept, without rungs that the ladder does not have and times that are still to come.
void keep_sound(const Policy& policy, PolicyMemory& memory, TimePoint now);

}  // namespace homeostat
