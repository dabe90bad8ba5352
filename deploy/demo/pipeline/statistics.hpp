// SPDX-License-Identifier: Apache-2.0
// What the consumer says about itself: a line of JSON a second, and at each new window,
// on standard output. Sums are since
// the start; latencies and peak are since the line before.
#pragma once

#include <cstdint>

#include "deploy/demo/pipeline/batch.hpp"
#include "deploy/demo/pipeline/batch_window.hpp"
#include "deploy/demo/pipeline/clocks.hpp"
#include "deploy/demo/pipeline/latency_histogram.hpp"

namespace melodyud {

class Statistics {
 public:
  /// A batch that PostgreSQL has taken. `backlog`: events that were waiting, before it.
  void add(const Batch& batch, std::int64_t rows, double busy_seconds, std::int64_t backlog);

  /// Writes the line, if the last one is a second old or the window is another.
  void write_when_due(const BatchWindow& window, std::int64_t backlog);
  void write(const BatchWindow& window, std::int64_t backlog);

 private:
  Monotonic::time_point written_ = Monotonic::now();
  BatchWindow window_;  ///< of the last line
  std::int64_t batches_ = 0;
  std::int64_t messages_ = 0;
  std::int64_t events_ = 0;
  std::int64_t duplicates_ = 0;
  std::int64_t malformed_ = 0;
  std::int64_t rows_ = 0;
  double busy_seconds_ = 0;
  std::int64_t peak_backlog_ = 0;
  LatencyHistogram latencies_;
};

}  // namespace melodyud
