// SPDX-License-Identifier: Apache-2.0
#include "controller/loop/system_clock.hpp"

#include <ctime>

namespace homeostat {
namespace {

Duration read(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);  // cannot fail for these two on Linux
  return std::chrono::duration_cast<Duration>(std::chrono::seconds{time.tv_sec} +
                                              std::chrono::nanoseconds{time.tv_nsec});
}

}  // namespace

TimePoint SystemClock::now() const { return TimePoint{read(CLOCK_BOOTTIME)}; }
WallTime SystemClock::wall() const { return WallTime{read(CLOCK_REALTIME)}; }

}  // namespace homeostat
