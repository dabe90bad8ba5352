// SPDX-License-Identifier: Apache-2.0
// The table of keys of a condition: COND, SIMPLE and TEST of policy-language.md, section 2.
#pragma once

#include <string>

#include "policies/loader/keys.hpp"
#include "policies/model/vocabulary.hpp"

namespace homeostat::loader {

/// Longer durations are slips of the pen.
constexpr double kTenYears = 10 * 365 * 86400.0;

enum class ConditionOf {
  breaker,  ///< a clear level is mandatory, and an arm may be limited
  alert,
  aimd,  ///< `over`: one level, cleared at once; a cusum would go on cutting by old evidence
};

/// Names in formulas: of `record` and `vars`.
inline const Pattern kFormulaName{"[a-z][a-z0-9_]*",
                                  "a name in lower case with underscores, such as excess"};

/// `open`: one simple condition, or `any:` or `all:` of several. Of aimd: `over`, a simple one.
Key condition_key(const Vocabulary& vocabulary, ConditionOf of);

/// `signal`: one of the vocabulary's.
Key signal_key(const Vocabulary& vocabulary, std::string help);

}  // namespace homeostat::loader
