// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/batch_consumer.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace homeostat {
namespace {

constexpr double kLargestBacklog = 1e9;
constexpr double kLeastRoom = 0.001;  // of its time, for batches: their size stays a number
constexpr double kCostMemory = 1;     // seconds
const char* const kTarget = "group/play-counts";
const Subject kGroup{SubjectKind::group, "play-counts"};

}  // namespace

BatchConsumer::BatchConsumer(const BatchConsumerParameters& parameters, Random random)
    : parameters_(parameters),
      random_(std::move(random)),
      measured_batch_seconds_(parameters.batch_seconds) {
  samples_ = {gauge("kafka_arrival_events_per_second", kGroup, 0, {}),
              gauge("kafka_consumer_lag_events", kGroup, 0, {}),
              gauge("kafka_consumer_lag_seconds", kGroup, 0, {}),
              gauge("kafka_efficient_batch_events", kGroup, 0, {})};
}

double BatchConsumer::rate_at(double second) const {
  double round = 0;
  for (const auto& phase : parameters_.phases) round += to_seconds(phase.length);
  double left = std::fmod(second, round);
  for (const auto& phase : parameters_.phases) {
    left -= to_seconds(phase.length);
    if (left < 0) return phase.events_per_second;
  }
  return parameters_.phases.back().events_per_second;
}

/// As many as arrive while batches of that size use what single events leave of the consumer's
/// time: n = rate * c0 / (utilisation - rate * c1).
double BatchConsumer::efficient_batch(double rate, double batch_seconds) const {
  const double room = parameters_.utilisation - rate * parameters_.event_seconds;
  return rate * batch_seconds / std::max(room, kLeastRoom);
}

BatchConsumer::Conditions BatchConsumer::conditions(const std::vector<Incident>& active,
                                                    const LeversInForce& levers) const {
  Conditions found;
  found.rate = rate_at(now_) *
               (1 - parameters_.non_critical_share * (1 - admitted(levers, "class/non_critical")));
  found.batch_seconds = parameters_.batch_seconds;
  for (const auto& incident : active) found.batch_seconds *= incident.level;
  const auto window = argument(levers, "batch_window", kTarget, "window");
  found.window = window.value_or(to_seconds(parameters_.window));
  found.drain_limit = argument(levers, "batch_window", kTarget, "drain_limit");
  if (!window) found.drain_limit = parameters_.drain_limit;
  return found;
}

void BatchConsumer::arrive(double rate, double until) {
  const int count = random_.poisson(rate * (until - arrived_until_));
  if (count > 0) backlog_.add({arrived_until_, until, static_cast<double>(count)});
  arrived_ += count;
  arrived_until_ = until;
}

/// When the next batch begins, with everything in the backlog that has come by then; nothing when
/// that is not before `end`.
std::optional<double> BatchConsumer::next_batch(const Conditions& conditions, double end) {
  if (backlog_.empty()) {
    // Arrivals forget how long nothing came, so that the wait for one may begin at any time.
    const bool any = conditions.rate > 0;
    const double first = any ? arrived_until_ + random_.exponential(1 / conditions.rate) : end;
    arrived_until_ = std::min(first, end);
    if (first >= end) return std::nullopt;
    backlog_.add({first, first, 1});
    ++arrived_;
  }
  const double due = std::max(free_at_, backlog_.oldest() + conditions.window);
  const double start = std::max(due, arrived_until_);
  arrive(conditions.rate, std::min(start, end));
  return start < end ? std::optional(start) : std::nullopt;
}

void BatchConsumer::serve(const Conditions& conditions, double start, double end) {
  const double limit = conditions.drain_limit
                           ? *conditions.drain_limit
                           : 1 + random_.poisson(conditions.rate * conditions.window);
  batch_.clear();
  in_batch_ = backlog_.take(std::max(limit, 1.0), batch_);
  free_at_ = start + conditions.batch_seconds + in_batch_ * parameters_.event_seconds;
  for (const auto& events : batch_) latencies_.add(events, free_at_);
  ++commits_;
  busy_ += std::min(free_at_, end) - start;
}

/// Age of the oldest event that is not committed.
double BatchConsumer::behind_seconds() const {
  if (free_at_ > now_ && !batch_.empty()) return now_ - batch_.front().from;
  return backlog_.empty() ? 0 : now_ - backlog_.oldest();
}

void BatchConsumer::measure(const Conditions& conditions, double seconds) {
  if (commits_ > 0) {
    const double newer = 1 - std::exp(-seconds / kCostMemory);
    measured_batch_seconds_ += newer * (conditions.batch_seconds - measured_batch_seconds_);
  }
  const double rate = arrived_ / seconds;
  const double uncommitted = free_at_ > now_ ? in_batch_ : 0;
  samples_[0].numerator = rate;
  samples_[1].numerator = backlog_.events() + uncommitted;
  samples_[2].numerator = behind_seconds();
  samples_[3].numerator = efficient_batch(rate, measured_batch_seconds_);
  if (latencies_.empty()) {  // of one that hangs, how long what it has not done has waited
    truth_.controlled = backlog_.empty() ? 0 : now_ - backlog_.oldest();
    truth_.critical = truth_.controlled <= kLimit ? 1 : 0;
  } else {
    truth_.controlled = latencies_.quantile(0.99);
    truth_.critical = latencies_.within(kLimit);
  }
  truth_.non_critical = truth_.critical;
}

Result<void> BatchConsumer::advance(Duration step, const std::vector<Incident>& active,
                                    const LeversInForce& levers) {
  const double seconds = to_seconds(step);
  const double end = now_ + seconds;
  const auto holding = conditions(active, levers);
  load_changed_ = holding.rate != rate_;
  rate_ = holding.rate;
  latencies_.clear();
  arrived_ = 0;
  commits_ = 0;
  busy_ = std::clamp(free_at_ - now_, 0.0, seconds);
  while (const auto start = next_batch(holding, end)) serve(holding, *start, end);
  now_ = end;
  measure(holding, seconds);
  busy_ /= seconds;
  if (auto error = diverged(*this, "events in the backlog", backlog_.events(), kLargestBacklog,
                            from_seconds(now_))) {
    return *std::move(error);
  }
  return {};
}

std::vector<Quantity> BatchConsumer::quantities() const {
  return {{"backlog_events", samples_[1].numerator},
          {"commits_per_second", commits_},
          {"latency_mean_seconds", latencies_.mean()},
          {"latency_p99_seconds", truth_.controlled},
          {"utilisation", busy_}};
}

}  // namespace homeostat
