// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/policy_watch.hpp"

#include <cmath>

namespace homeostat {
namespace {

/// Evidence of an incident is still in the folds for a while after its end, and what re-opens while
/// a rung is given back right after it is the same trip.
constexpr Duration kAftermath = std::chrono::seconds{60};

// An oscillation: so many periods, so much alike. Chance does not come that regularly.
constexpr std::size_t kPeriods = 5;
constexpr double kSpread = 0.15;  // standard deviation, as a share of the mean

bool is_opening(Step step) {
  return step == Step::opened || step == Step::reopened || step == Step::fired;
}

}  // namespace

void PolicyWatch::incident_begins(TimePoint now) {
  began_ = now;
  ended_.reset();
  detected_ = acting();
  if (detected_) score_.detections.emplace_back(0.0);
}

void PolicyWatch::incident_ends(TimePoint now) {
  if (!detected_) score_.detections.emplace_back(std::nullopt);
  began_.reset();
  ended_ = now;
}

void PolicyWatch::opened(TimePoint at) {
  const bool just_over = ended_ && at - *ended_ < kAftermath;
  if (began_ && !detected_) {
    detected_ = true;
    score_.detections.emplace_back(to_seconds(at - *began_));
  } else if (began_ || (just_over && detected_)) {
    ++score_.retrips;
  } else if (!just_over) {
    ++score_.false_trips;
  }
  if (closed_between_) openings_.push_back(at);
  closed_between_ = false;
}

void PolicyWatch::see(const Verdict& verdict) {
  const bool fires = verdict.kind == PolicyKind::alert;
  auto& taken = subjects_[verdict.subject];
  const bool before = taken;
  if (fires) {
    if (verdict.step == Step::fired) taken = true;
    if (verdict.step == Step::resolved) taken = false;
  } else {
    taken = verdict.rung > 0;
  }
  taken_ += static_cast<int>(taken) - static_cast<int>(before);
  if (is_opening(verdict.step)) opened(verdict.at);
  if (!acting()) closed_between_ = true;
}

void PolicyWatch::pass(Duration step) {
  if (!began_) return;
  score_.incident_time += step;
  if (acting()) score_.protected_time += step;
}

void PolicyWatch::find_period() {
  if (openings_.size() <= kPeriods || score_.period) return;
  double sum = 0;
  double squares = 0;
  for (auto at = openings_.end() - kPeriods; at != openings_.end(); ++at) {
    const double period = to_seconds(*at - *(at - 1));
    sum += period;
    squares += period * period;
  }
  const double mean = sum / kPeriods;
  const double variance = std::max(squares / kPeriods - mean * mean, 0.0);
  if (std::sqrt(variance) <= kSpread * mean) score_.period = mean;
}

void PolicyWatch::conditions_change() {
  find_period();
  openings_.clear();
}

PolicyScore PolicyWatch::finish(TimePoint now) {
  if (began_) incident_ends(now);
  find_period();
  return score_;
}

}  // namespace homeostat
