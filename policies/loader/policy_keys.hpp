// SPDX-License-Identifier: Apache-2.0
// The table of keys of a policy (policy-language.md, section 2).
#pragma once

#include <vector>

#include "policies/loader/keys.hpp"
#include "policies/model/vocabulary.hpp"

namespace homeostat::loader {

/// One shape a kind: breaker, alert, regulator and job; the last two are kinds to come where the
/// vocabulary has no lever for them.
std::vector<Shape> policy_shapes(const Vocabulary& vocabulary);

}  // namespace homeostat::loader
