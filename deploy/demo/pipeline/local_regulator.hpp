// SPDX-License-Identifier: Apache-2.0
// Batch windows that a consumer works out by itself, without Homeostat: what the benchmark holds
// against each other. A consumer in production obeys the control topic instead.
#pragma once

#include <cstdint>

#include "deploy/demo/pipeline/batch_costs.hpp"
#include "deploy/demo/pipeline/batch_window.hpp"
#include "deploy/demo/pipeline/clocks.hpp"

namespace melodyud {

enum class WindowRule {
  bare,      ///< min(100 ms, 1 / rate), and a batch is what one window gathers
  formula,   ///< min(100 ms, 1 / rate), and a batch drains
  measured,  ///< min(100 ms, n / rate), n events a batch from the measured cost; drains
};

class LocalRegulator {
 public:
  explicit LocalRegulator(WindowRule rule) : rule_{rule} {
    if (rule == WindowRule::bare) window_.drain_limit = 1;
  }

  /// `arrived`: events that have come in, ever; a change of partitions may move it either way.
  /// `costs`: of the batches since the last call that returned true. True once a second: the window
  /// is a new one.
  bool update(Monotonic::time_point now, std::int64_t arrived, const BatchCosts& costs);

  BatchWindow window() const { return window_; }

 private:
  double events_per_batch() const;

  WindowRule rule_;
  BatchWindow window_;
  BatchCosts costs_;
  Monotonic::time_point updated_ = Monotonic::now();
  std::int64_t arrived_ = -1;
  double per_second_ = 0;
};

}  // namespace melodyud
