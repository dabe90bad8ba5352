// SPDX-License-Identifier: Apache-2.0
// Limits under which a replay counts as failed: the gate of a CI job.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/simulator/backtest.hpp"

namespace homeostat {

/// `FIGURE>NUMBER` or `FIGURE>=NUMBER`, such as `flaps>0`: of all replayed policies together.
struct FailOn {
  std::string text;
  std::string figure;
  bool or_equal = false;
  double limit = 0;
};

/// The figures that may be named, in order.
std::vector<std::string> fail_on_figures();

/// Error `invalid_input`, with the nearest figure, for anything else.
Result<FailOn> parse_fail_on(std::string_view text);

/// True of the figures that say how two sides differ.
bool compares(const FailOn& limit);

/// Nothing when it holds; else what was found, in one line.
std::optional<std::string> failed(const FailOn& limit, const Backtest& backtest);

}  // namespace homeostat
