// SPDX-License-Identifier: Apache-2.0
// What a regulator makes of signals that stand still.
#pragma once

#include <optional>
#include <vector>

#include "policies/model/policy.hpp"
#include "policies/model/sample.hpp"

namespace homeostat {

/// Where it leaves the lever of its first subject, with the other arguments of its act; nothing
/// when it sets none. REQUIRES: of kind regulator.
std::optional<LeverValue> settled(const PolicySet& policies, Policy policy,
                                  const std::vector<Sample>& samples);

/// The lever and target of its first subject. REQUIRES: of kind regulator.
LeverKey regulated_key(const Policy& policy);

}  // namespace homeostat
