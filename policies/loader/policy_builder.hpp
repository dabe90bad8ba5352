// SPDX-License-Identifier: Apache-2.0
// From a checked document to a Policy, and the rules that a table of keys cannot say: sense of
// levels, what the vocabulary knows, what a probe provides.
#pragma once

#include <vector>

#include "policies/loader/loader.hpp"
#include "policies/loader/value.hpp"

namespace homeostat::loader {

/// A policy with the places that checks across policies point at.
struct PolicyDraft {
  Policy policy;                      ///< mode not capped yet, durations as written
  std::vector<Place> act_places;      ///< of the ladder's rungs
  std::vector<std::string> dropped;   ///< targets of rungs that the inventory does not declare
  std::vector<Place> blocker_places;  ///< of `blocked_while`'s names
  bool left_out = false;  ///< nothing of its kind of subject is configured: only its head is read
};

/// Reports every rule that is broken; the draft is of use to further checks even then.
PolicyDraft build_policy(const Value& document, const Vocabulary& vocabulary,
                         std::vector<Finding>& errors, std::vector<Finding>& notes);

}  // namespace homeostat::loader
