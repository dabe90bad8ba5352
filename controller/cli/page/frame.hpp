// SPDX-License-Identifier: Apache-2.0
// What every chart of a group has in common: the time that it spans, and what went wrong in it.
// Pure.
#pragma once

#include <string>
#include <vector>

#include "controller/simulator/incident.hpp"

namespace homeostat::page {

/// What times are called.
enum class Times {
  of_run,  ///< from the beginning: `3d 04:10`
  wall,    ///< UTC, since 1970
};

struct Frame {
  Duration from{};
  Duration length{};
  Times times = Times::of_run;
  std::vector<Incident> incidents;
};

/// The width of every drawing, in its own units.
inline constexpr int kWidth = 1440;

/// Where a time, counted from the frame's beginning, lies; within 0 to kWidth.
int x_of(const Frame& frame, Duration at);

/// To the second: `3d 04:10:05`, `2026-03-01 04:10:05`.
std::string time_text(Times times, Duration at);

/// Shades of incidents and lines at round times, for a drawing of this height.
std::string backdrop(const Frame& frame, int height);

/// The names of the round times, to stand below a group of charts.
std::string time_axis(const Frame& frame);

}  // namespace homeostat::page
