// SPDX-License-Identifier: Apache-2.0
// The table of keys that only a job has, `run` apart (policy-language.md, section 2).
#pragma once

#include <vector>

#include "policies/loader/keys.hpp"
#include "policies/model/vocabulary.hpp"

namespace homeostat::loader {

/// `windows`, `at_most_every`, `when`, `early`, `budget`, `deadline`, `resume`, `approval`,
/// `cooldown`.
std::vector<Key> job_keys(const Vocabulary& vocabulary);

std::vector<Rule> job_rules();

}  // namespace homeostat::loader
