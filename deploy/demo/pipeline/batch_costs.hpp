// SPDX-License-Identifier: Apache-2.0
// What batches cost: sums over them, from which a line is fitted. A batch of n events takes
// t = per_batch + n * per_event seconds.
#pragma once

#include <cstdint>
#include <optional>

namespace melodyud {

struct CostLine {
  double per_batch = 0;  ///< seconds, c0
  double per_event = 0;  ///< seconds, c1
};

struct BatchCosts {
  double batches = 0;
  double events = 0;
  double busy_seconds = 0;    ///< sum of t
  double events_squared = 0;  ///< sum of n * n
  double events_busy = 0;     ///< sum of n * t

  void add(double n, double seconds) {
    batches += 1;
    events += n;
    busy_seconds += seconds;
    events_squared += n * n;
    events_busy += n * seconds;
  }

  void add(const BatchCosts& more) {
    batches += more.batches;
    events += more.events;
    busy_seconds += more.busy_seconds;
    events_squared += more.events_squared;
    events_busy += more.events_busy;
  }

  /// What is older counts less.
  void fade(double kept_share) {
    for (double* sum : {&batches, &events, &busy_seconds, &events_squared, &events_busy}) {
      *sum *= kept_share;
    }
  }

  /// By least squares. Nothing: fewer than 10 batches, sizes that hardly differ, or a line that no
  /// machine has (a negative cost).
  std::optional<CostLine> fit() const {
    const double spread = batches * events_squared - events * events;
    if (batches < 10 || spread < 0.01 * events * events) return std::nullopt;
    CostLine line;
    line.per_event = (batches * events_busy - events * busy_seconds) / spread;
    line.per_batch = (busy_seconds - line.per_event * events) / batches;
    if (line.per_event < 0 || line.per_batch <= 0) return std::nullopt;
    return line;
  }
};

}  // namespace melodyud
