// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <thread>

namespace homeostat::testing {

/// Waits for a condition instead of a time: true as soon as `condition()` holds, false when it has
/// not within `patience` (long on purpose: it is only ever waited out by a failing test).
template <class Condition>
bool eventually(Condition condition, std::chrono::seconds patience = std::chrono::seconds{60}) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  return true;
}

}  // namespace homeostat::testing
