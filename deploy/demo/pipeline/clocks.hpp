// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

namespace melodyud {

using Monotonic = std::chrono::steady_clock;

inline double seconds_between(Monotonic::time_point from, Monotonic::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

inline std::int64_t unix_microseconds() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

inline std::int64_t unix_milliseconds() { return unix_microseconds() / 1000; }

}  // namespace melodyud
