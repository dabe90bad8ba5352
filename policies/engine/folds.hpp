// SPDX-License-Identifier: Apache-2.0
// Samples into folds: each sample counts once, in the fold it was taken in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "policies/engine/state.hpp"
#include "policies/model/policy.hpp"
#include "policies/model/snapshot.hpp"

namespace homeostat {

/// floor(at / fold): the number of the fold that `at` lies in. REQUIRES: fold > 0.
std::int64_t fold_number(TimePoint at, Duration fold);

/// Pools the samples that are new since the last step, of every signal that a cusum, a trend or an
/// `expect:` folds, and ends the folds that are over at `now`. Absent and stale samples add
/// nothing; one that says that the server is another one discards what was pooled (H4). A sample
/// that arrives after its fold has ended counts in the current one: late, but once. Fold numbers of
/// another length of fold are worthless: detectors then keep S and start their windows anew.
void pool_samples(EngineState& state, const PolicySet& set, const Snapshot& snapshot,
                  TimePoint now);

/// The newest fold that has ended with a reading in it; nothing when there is none, or when half or
/// more of the members it would be made of are absent from it. For the cluster without samples of
/// its own, members' folds are summed (or the worst is taken, when `aggregate` is max or min).
/// Whether that fold is also the *last* one, or nothing was read since, its number tells.
std::optional<Fold> ended_fold(const EngineState& state, const std::string& signal,
                               const Subject& subject, Aggregate aggregate);

/// The same, not yet made into one: the subject's own fold, or for the cluster without samples of
/// its own each member's. All have the same number; those that ended earlier are left out.
std::vector<std::pair<Subject, Fold>> ended_folds(const EngineState& state,
                                                  const std::string& signal,
                                                  const Subject& subject);

}  // namespace homeostat
