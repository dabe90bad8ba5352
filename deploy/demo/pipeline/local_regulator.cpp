// SPDX-License-Identifier: Apache-2.0
#include "deploy/demo/pipeline/local_regulator.hpp"

#include <algorithm>
#include <cmath>

namespace melodyud {
namespace {

constexpr double kLongestWindow = 0.1;  // seconds, the source document's
constexpr double kUtilisation = 0.8;    // of the consumer's time, when it is measured
constexpr double kNewestShare = 0.5;    // of the rate: what the newest second counts
constexpr double kKeptCosts = 0.9;      // a second: what is ten seconds old counts a third

}  // namespace

double LocalRegulator::events_per_batch() const {
  if (rule_ != WindowRule::measured) return 1;
  const auto line = costs_.fit();
  const auto limit = static_cast<double>(window_.drain_limit);
  if (!line) return limit;  // the longest window until more is known
  const double spare = kUtilisation - per_second_ * line->per_event;
  if (spare <= 0) return limit;
  return std::clamp(per_second_ * line->per_batch / spare, 1.0, limit);
}

bool LocalRegulator::update(Monotonic::time_point now, std::int64_t arrived,
                            const BatchCosts& costs) {
  const double elapsed = seconds_between(updated_, now);
  if (elapsed < 1) return false;
  updated_ = now;
  costs_.fade(kKeptCosts);
  costs_.add(costs);
  if (arrived_ >= 0 && arrived >= arrived_) {
    const double newest = static_cast<double>(arrived - arrived_) / elapsed;
    per_second_ += kNewestShare * (newest - per_second_);
  }
  arrived_ = arrived;
  if (per_second_ <= 0) return true;
  window_.seconds = std::min(kLongestWindow, events_per_batch() / per_second_);
  if (rule_ == WindowRule::bare) {
    window_.drain_limit = std::max<std::int64_t>(1, std::llround(window_.seconds * per_second_));
  }
  return true;
}

}  // namespace melodyud
