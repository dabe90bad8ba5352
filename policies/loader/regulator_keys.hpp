// SPDX-License-Identifier: Apache-2.0
// The table of keys that only a regulator has, `set` apart (policy-language.md, section 2).
#pragma once

#include <vector>

#include "policies/loader/keys.hpp"
#include "policies/model/vocabulary.hpp"

namespace homeostat::loader {

/// `to`, `vars`, `aimd`, `bounds`.
std::vector<Key> regulator_keys(const Vocabulary& vocabulary);

std::vector<Rule> regulator_rules();

}  // namespace homeostat::loader
