// SPDX-License-Identifier: Apache-2.0
// How an act was judged, in words. Pure.
#pragma once

#include <string>

#include "policies/model/verdict.hpp"

namespace homeostat::text {

/// "pg_blocked_ratio 0.79 -> 0.12 in 3 min: effective (promised: falls by 20 %)"
std::string effect(const Effect& effect);

}  // namespace homeostat::text
