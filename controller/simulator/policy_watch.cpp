// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/policy_watch.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

#include "policies/loader/scalars.hpp"

namespace homeostat {
namespace {

/// Evidence of an incident is still in the folds for a while after its end, and what re-opens while
/// a rung is given back right after it is the same trip.
constexpr Duration kAftermath = std::chrono::seconds{60};

// An oscillation: so many periods, so much alike. Chance does not come that regularly.
constexpr std::ptrdiff_t kPeriods = 5;
constexpr double kSpread = 0.1;  // standard deviation, as a share of the mean
constexpr double kSwing = 2;

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

PolicyWatch::PolicyWatch(const Policy& policy)
    : kind_(policy.kind),
      by_formula_(policy.regulator && policy.regulator->to),
      detects_(!by_formula_ && policy.kind != PolicyKind::job) {
  if (policy.regulator) baseline_ = policy.regulator->baseline;
}

void PolicyWatch::incident_begins(TimePoint now) {
  if (!detects_) return;
  began_ = now;
  ended_.reset();
  detected_ = acting();
  if (detected_) score_.detections.emplace_back(0.0);
  opened_.clear();
  for (const auto& [subject, taken] : subjects_) {
    if (taken) opened_.insert(subject);
  }
}

void PolicyWatch::incident_ends(TimePoint now) {
  if (!detects_ || !began_) return;
  if (!detected_) score_.detections.emplace_back(std::nullopt);
  began_.reset();
  ended_ = now;
}

void PolicyWatch::opened(const Subject& subject, TimePoint at) {
  const bool just_over = ended_ && at - *ended_ < kAftermath;
  if (began_ && !detected_) {
    detected_ = true;
    score_.detections.emplace_back(to_seconds(at - *began_));
  } else if (opened_.contains(subject) && (began_ || just_over)) {
    ++score_.retrips;
  } else if (!began_ && (!just_over || detected_)) {
    ++score_.false_trips;
  }
  opened_.insert(subject);
  // AIMD tries again and again by design.
  if (closed_between_ && kind_ != PolicyKind::regulator) openings_.push_back(at);
  closed_between_ = false;
}

/// A new rise counts once the value has doubled from its lowest since it was halved.
void PolicyWatch::see_value(const Verdict& verdict) {
  if (!verdict.value) return;
  auto& swing = swings_[verdict.subject];
  swing.low = std::min(swing.low.value_or(*verdict.value), *verdict.value);
  swing.high = std::max(swing.high.value_or(*verdict.value), *verdict.value);
  if (!swing.falling && *verdict.value < *swing.high / kSwing) {
    swing.falling = true;
    swing.low = verdict.value;
  } else if (swing.falling && *verdict.value > *swing.low * kSwing) {
    swing.falling = false;
    swing.high = verdict.value;
    openings_.push_back(verdict.at);
  }
}

void PolicyWatch::see(const Verdict& verdict) {
  if (by_formula_) {
    see_value(verdict);
    return;
  }
  if (kind_ == PolicyKind::job) {
    job_.see(verdict);
    return;
  }
  auto& taken = subjects_[verdict.subject];
  const bool before = taken;
  bool opens = is_opening(verdict.step);
  if (kind_ == PolicyKind::alert) {
    if (verdict.step == Step::fired) taken = true;
    if (verdict.step == Step::resolved) taken = false;
  } else if (kind_ == PolicyKind::regulator) {
    taken = verdict.value && *verdict.value < baseline_;
    opens = taken && !before;
  } else {
    taken = verdict.rung > 0;
  }
  taken_ += static_cast<int>(taken) - static_cast<int>(before);
  if (opens) opened(verdict.subject, verdict.at);
  if (!acting()) closed_between_ = true;
}

void PolicyWatch::pass(Duration step) {
  if (kind_ == PolicyKind::job) job_.pass(step);
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

std::string PolicyWatch::limit_cycle(double period) const {
  const auto shown = loader::format_duration(from_seconds(std::round(period)));
  if (by_formula_) {
    return "limit cycle: its value is halved and doubled again and again with a period of " +
           shown +
           " while nothing else changes: the formula answers more than it should to what it "
           "changes";
  }
  return "limit cycle: it opens and closes again and again with a period of " + shown +
         " while nothing else changes: open and clear levels are too close to each other for what "
         "opening changes";
}

PolicyScore PolicyWatch::finish(TimePoint now) {
  if (began_) incident_ends(now);
  find_period();
  if (kind_ == PolicyKind::job) score_.job = job_.finish();
  return score_;
}

}  // namespace homeostat
