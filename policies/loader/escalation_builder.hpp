// SPDX-License-Identifier: Apache-2.0
// From a checked `escalate:` to an Escalation.
#pragma once

#include <vector>

#include "policies/loader/policy_builder.hpp"

namespace homeostat::loader {

/// REQUIRES: head, subjects and ladder of the draft are read.
void build_escalation(const Value& document, const Vocabulary& vocabulary, PolicyDraft& draft,
                      std::vector<Finding>& errors);

}  // namespace homeostat::loader
