// SPDX-License-Identifier: Apache-2.0
// Charts over time, as SVG in a figure: lines with levels, and the states of a policy. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "controller/cli/page/frame.hpp"
#include "controller/simulator/trace.hpp"

namespace homeostat::page {

struct ChartLine {
  std::string name;
  const Envelope* values = nullptr;  ///< must live until it is drawn
};

struct ChartLevel {
  std::string name;
  double at = 0;
  bool dashed = false;  ///< where a condition is over
};

struct LineChart {
  /// So many lines are drawn apart; of more, the lowest and highest of all.
  static constexpr std::size_t kMostLines = 6;
  std::string title;
  std::string unit_of;  ///< the signal whose name says the unit of the values
  std::vector<ChartLine> lines;
  std::vector<ChartLevel> levels;
};

std::string draw(const LineChart& chart, const Frame& frame);

/// Bars as high as rungs are taken, in the colour of the state, and a mark above for each step
/// forward and back.
std::string draw(const std::string& title, const Track& track, const Frame& frame);

}  // namespace homeostat::page
