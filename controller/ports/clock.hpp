// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "policies/model/time.hpp"

namespace homeostat {

/// The only source of time. The monotonic line never goes back and counts through no wall-clock
/// change; wall time is for people, for other systems and for windows of the day or week, never
/// for how long something took.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint now() const = 0;
  virtual WallTime wall() const = 0;
};

}  // namespace homeostat
