// SPDX-License-Identifier: Apache-2.0
// What makes a policy a job, from the checked document.
#pragma once

#include <vector>

#include "policies/loader/formula_builder.hpp"
#include "policies/loader/policy_builder.hpp"

namespace homeostat::loader {

/// REQUIRES: head and subjects of the draft are read. `early` is dropped with a note when no probe
/// provides what it needs; without `when` the job would start for no reason, which is an error.
void build_job(const Value& document, const FormulaNames& names, const FormulaContext& context,
               PolicyDraft& draft, std::vector<Finding>& errors, std::vector<Finding>& notes);

}  // namespace homeostat::loader
