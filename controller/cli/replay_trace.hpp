// SPDX-License-Identifier: Apache-2.0
// A replay to be drawn: all of it, and what matters most closer.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "controller/simulator/backtest.hpp"
#include "controller/simulator/trace.hpp"

namespace homeostat {

struct ReplayTrace {
  Trace whole;
  /// Around the first difference, or else the first action, of a recording in which that would be
  /// but a few pixels wide.
  std::optional<Trace> closer;
};

/// Tells the recording once more. `done`: what came of the first time, with the same `options`, of
/// which the second side is called `other`. `tell` gives every step to a Backtest.
Result<ReplayTrace> trace_of(const Backtest& done, BacktestOptions options,
                             const std::string& other,
                             const std::function<Result<void>(Backtest&)>& tell);

}  // namespace homeostat
