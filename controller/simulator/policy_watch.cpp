// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/policy_watch.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

namespace homeostat {
namespace {

/// Evidence of an incident is still in the folds for a while after its end, and what re-opens while
/// a rung is given back right after it is the same trip.
constexpr Duration kAftermath = std::chrono::seconds{60};

// An oscillation: so many periods, so much alike. Chance does not come that regularly.
constexpr std::ptrdiff_t kPeriods = 5;
constexpr double kSpread = 0.1;  // standard deviation, as a share of the mean

/// Their mean, if they are alike.
std::optional<double> common_period(std::vector<double>::const_iterator first,
                                    std::vector<double>::const_iterator last) {
  const auto count = static_cast<double>(last - first);
  const double mean = std::accumulate(first, last, 0.0) / count;
  const double squares = std::inner_product(first, last, first, 0.0) / count;
  const double deviation = std::sqrt(std::max(squares - mean * mean, 0.0));
  return deviation <= kSpread * mean ? std::optional(mean) : std::nullopt;
}

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
  std::vector<double> periods;
  for (std::size_t at = 1; at < openings_.size(); ++at) {
    periods.push_back(to_seconds(openings_[at] - openings_[at - 1]));
  }
  for (auto first = periods.begin(); periods.end() - first >= kPeriods; ++first) {
    if (const auto period = common_period(first, first + kPeriods); period && !score_.period) {
      score_.period = period;
    }
  }
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
