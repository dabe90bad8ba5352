// SPDX-License-Identifier: Apache-2.0
// Mode canary of a policy: its steps, and whether the policy can be tried on a share at all.
#pragma once

#include <string>
#include <vector>

#include "policies/loader/loader.hpp"
#include "policies/loader/policy_builder.hpp"
#include "policies/loader/value.hpp"

namespace homeostat::loader {

/// Reads `canary`, and refuses mode canary where it could not work. Call it last: it looks at the
/// whole policy.
void build_canary(const Value& document, PolicyDraft& draft, std::vector<Finding>& errors);

/// Why the policy cannot be in canary, for people; empty: it can.
std::string why_no_canary(const Policy& policy);

}  // namespace homeostat::loader
