// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace melodyud {

/// When a batch begins, and how much it takes.
struct BatchWindow {
  double seconds = 0.1;  ///< how long events are gathered, from the first one on
  /// After that a batch takes what else is there, up to so many messages: this is what catches up
  /// after a stall.
  std::int64_t drain_limit = 10'000;
  friend bool operator==(const BatchWindow&, const BatchWindow&) = default;
};

}  // namespace melodyud
