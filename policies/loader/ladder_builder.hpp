// SPDX-License-Identifier: Apache-2.0
// The rungs of a policy's ladder, or the one act of a regulator's `set` or a job's `run`, from the
// checked document and the inventory.
#pragma once

#include <vector>

#include "policies/loader/policy_builder.hpp"

namespace homeostat::loader {

/// REQUIRES: head, subjects and alert of the draft are read. A rung on a target that the policies
/// may name but this inventory does not declare is dropped with a note, as a condition is that no
/// probe provides. A policy that loses all its rungs so becomes one of kind alert; without an
/// `alert` it is refused.
void build_ladder(const Value& document, const Vocabulary& vocabulary, PolicyDraft& draft,
                  std::vector<Finding>& errors, std::vector<Finding>& notes);

}  // namespace homeostat::loader
