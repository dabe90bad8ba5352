// SPDX-License-Identifier: Apache-2.0
// Rules across the policies of all files.
#pragma once

#include <vector>

#include "policies/loader/policy_builder.hpp"

namespace homeostat::loader {

/// Every name once.
void check_names(const std::vector<PolicyDraft>& drafts, std::vector<Finding>& errors);

/// `blocked_while` names policies that there are.
void check_blockers(const std::vector<PolicyDraft>& drafts, std::vector<Finding>& errors);

/// Of two policies that want one target the strictest admission wins, otherwise the priority: one
/// of them must tell the two apart. Policies that are off want nothing.
void check_targets(const std::vector<PolicyDraft>& drafts, std::vector<Finding>& errors);

}  // namespace homeostat::loader
