// SPDX-License-Identifier: Apache-2.0
// `homeostat replay`: what came out, as people and as programs read it. Pure.
#pragma once

#include <string>

#include "controller/simulator/backtest.hpp"

namespace homeostat::text {

/// `other` is what the second side is called: `recorded` or `against`; empty when there is none.
/// At most `limit` actions.
std::string replay(const Backtest& backtest, const std::string& other, int limit);

/// One JSON object with everything, a newline at its end.
std::string replay_json(const Backtest& backtest, const std::string& other);

}  // namespace homeostat::text
