// SPDX-License-Identifier: Apache-2.0
#include "deploy/demo/pipeline/statistics.hpp"

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

namespace melodyud {

void Statistics::add(const Batch& batch, std::int64_t rows, double busy_seconds,
                     std::int64_t backlog) {
  batches_ += 1;
  messages_ += static_cast<std::int64_t>(batch.messages);
  events_ += static_cast<std::int64_t>(batch.happened_at_us.size());
  duplicates_ += static_cast<std::int64_t>(batch.duplicates);
  malformed_ += static_cast<std::int64_t>(batch.malformed);
  rows_ += rows;
  busy_seconds_ += busy_seconds;
  peak_backlog_ = std::max(peak_backlog_, backlog);
  const auto now_us = unix_microseconds();
  for (const auto happened_at_us : batch.happened_at_us) latencies_.add(now_us - happened_at_us);
}

void Statistics::write_when_due(const BatchWindow& window, std::int64_t backlog) {
  if (window != window_ || seconds_between(written_, Monotonic::now()) >= 1) {
    write(window, backlog);
  }
}

void Statistics::write(const BatchWindow& window, std::int64_t backlog) {
  written_ = Monotonic::now();
  window_ = window;
  auto latencies = nlohmann::json::array();
  latencies_.for_each([&](double upper_us, std::int64_t count) {
    latencies.push_back({static_cast<std::int64_t>(upper_us), count});
  });
  const nlohmann::json line{{"at", static_cast<double>(unix_microseconds()) / 1e6},
                            {"batches", batches_},
                            {"messages", messages_},
                            {"events", events_},
                            {"duplicates", duplicates_},
                            {"malformed", malformed_},
                            {"rows", rows_},
                            {"busy_seconds", busy_seconds_},
                            {"backlog", backlog},
                            {"peak_backlog", std::max(peak_backlog_, backlog)},
                            {"window_ms", window.seconds * 1000},
                            {"drain_limit", window.drain_limit},
                            {"latencies_us", latencies}};
  std::cout << line.dump() << std::endl;  // read while we run: never held back
  latencies_.clear();
  peak_backlog_ = 0;
}

}  // namespace melodyud
