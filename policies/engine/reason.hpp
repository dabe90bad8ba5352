// SPDX-License-Identifier: Apache-2.0
// One line on why a lever moved, for the ledger's `act`. Made only when something moves.
#pragma once

#include <string>
#include <string_view>

#include "policies/engine/evaluation.hpp"

namespace homeostat {

/// "circuit-breaker opened: pg_blocked_ratio folded 0.79, S 1.05 >= 1.00"
std::string forward_reason(const Evaluation& evaluation, std::string_view what);

/// "batch-window set to 0.05: computed 0.0512"
std::string regulated_reason(const Evaluation& evaluation, double value);

/// "circuit-breaker restored to 5 %: clear"
std::string restore_reason(const Evaluation& evaluation, double share);

}  // namespace homeostat
