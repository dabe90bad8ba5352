// SPDX-License-Identifier: Apache-2.0
// What batches cost: the sums from which Homeostat fits a line, t = c0 + c1 * n seconds for a batch
// of n events.
#pragma once

namespace melodyud {

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
};

}  // namespace melodyud
