// SPDX-License-Identifier: Apache-2.0
// What only a regulator has: its formula or AIMD, and its bounds.
#pragma once

#include <vector>

#include "policies/loader/formula_builder.hpp"
#include "policies/loader/policy_builder.hpp"

namespace homeostat::loader {

/// REQUIRES: head, subjects and the act of `set` are read.
void build_regulator(const Value& document, const FormulaNames& names,
                     const FormulaContext& context, PolicyDraft& draft,
                     std::vector<Finding>& errors, std::vector<Finding>& notes);

}  // namespace homeostat::loader
