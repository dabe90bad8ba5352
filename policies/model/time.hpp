// SPDX-License-Identifier: Apache-2.0
// Time as every part of Homeostat counts it. Holds no clock: time is an argument.
#pragma once

#include <chrono>
#include <cstdint>

namespace homeostat {

/// The supervisor's monotonic time line, in microseconds from an arbitrary origin (the machine's
/// boot). It has no now(): the only clocks are implementations of `Clock` (controller/ports).
struct MonotonicTime {
  using rep = std::int64_t;
  using period = std::micro;
  using duration = std::chrono::duration<rep, period>;
  using time_point = std::chrono::time_point<MonotonicTime>;
  static constexpr bool is_steady = true;
};

using Duration = MonotonicTime::duration;
using TimePoint = MonotonicTime::time_point;

/// Wall time, UTC, microseconds since 1970. Only at the edges: journal, alerts, what people read.
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;

constexpr double to_seconds(Duration duration) {
  return static_cast<double>(duration.count()) / 1e6;
}

constexpr Duration from_seconds(double seconds) {
  return Duration{static_cast<std::int64_t>(seconds * 1e6 + (seconds < 0 ? -0.5 : 0.5))};
}

}  // namespace homeostat
