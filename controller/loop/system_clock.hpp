// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "controller/ports/clock.hpp"

namespace homeostat {

/// The machine's clocks. The monotonic line is CLOCK_BOOTTIME, not CLOCK_MONOTONIC: it goes on
/// while the machine is suspended or the virtual machine is paused, so that what was measured
/// before is old afterwards, and a hold or a lease that ran out meanwhile has run out.
class SystemClock : public Clock {
 public:
  TimePoint now() const override;
  WallTime wall() const override;
};

}  // namespace homeostat
