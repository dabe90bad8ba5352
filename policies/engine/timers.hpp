// SPDX-License-Identifier: Apache-2.0
// Elapsed time as the gates compare it.
#pragma once

#include "policies/model/time.hpp"

namespace homeostat {

/// `elapsed` to the nearest multiple of `grid`. Steps come once a sampling interval and a little
/// late or early: without this, 29.998 s would miss a 30 s gate and cost a whole fold.
constexpr Duration on_grid(Duration elapsed, Duration grid) {
  if (grid <= Duration{}) return elapsed;
  return (elapsed + grid / 2) / grid * grid;
}

}  // namespace homeostat
