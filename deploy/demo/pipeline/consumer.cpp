// SPDX-License-Identifier: Apache-2.0
#include "deploy/demo/pipeline/consumer.hpp"

#include <algorithm>
#include <iostream>

namespace melodyud {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kIdle{50};     // how long it may take until a signal is noticed
constexpr milliseconds kPause{1000};  // after a batch that went wrong
constexpr double kReportEvery = 5;    // seconds

}  // namespace

void Consumer::run() {
  while (!stop_.came()) {
    if (events_.unclaimed()) events_.start_over(kPause);
    gather(windows_.window());
    if (!events_.batch().empty()) apply();
    keep_books();
  }
  statistics_.write(windows_.window(), events_.backlog());
}

void Consumer::gather(const BatchWindow& window) {
  // The window opens with the first event.
  if (!events_.poll(kIdle)) return;
  const auto limit = static_cast<std::size_t>(window.drain_limit);
  const auto full = [&] { return events_.batch().messages >= limit; };
  const auto until = Monotonic::now() + std::chrono::duration_cast<Monotonic::duration>(
                                            std::chrono::duration<double>{window.seconds});
  while (!full() && !stop_.came()) {
    const auto left = std::chrono::duration_cast<milliseconds>(until - Monotonic::now());
    if (left <= milliseconds{0}) break;  // librdkafka waits for whole milliseconds
    events_.poll(std::min(left, kIdle));
  }
  // What else is there comes along: without that a stall would never be caught up with.
  while (!full() && events_.poll(milliseconds{0})) {
  }
}

void Consumer::apply() {
  const auto& batch = events_.batch();
  const auto backlog = events_.backlog();
  const auto began = Monotonic::now();
  const auto outcome = database_.apply(batch);
  const double seconds = seconds_between(began, Monotonic::now());
  if (outcome != Database::Outcome::applied) {
    std::cerr << (outcome == Database::Outcome::fenced
                      ? "another consumer owns a partition of this batch: it is left to that one\n"
                      : "nobody knows what came of this batch: PostgreSQL's offsets will tell\n");
    events_.start_over(kPause);
    return;
  }
  if (database_.unknown_tracks() > 0) {
    std::cerr << "plays of " << database_.unknown_tracks()
              << " tracks that are not in track_stats\n";
  }
  statistics_.add(batch, database_.rows_written(), seconds, backlog);
  costs_.add(static_cast<double>(batch.messages), seconds);
  events_.applied();
}

void Consumer::keep_books() {
  windows_.update();
  statistics_.write_when_due(windows_.window(), events_.backlog());
  if (seconds_between(reported_, Monotonic::now()) < kReportEvery) return;
  database_.report(name_, costs_);
  costs_ = {};
  reported_ = Monotonic::now();
}

}  // namespace melodyud
