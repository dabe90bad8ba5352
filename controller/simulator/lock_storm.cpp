// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/lock_storm.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace homeostat {
namespace {

constexpr Duration kSubstep = std::chrono::milliseconds{10};
constexpr double kSubstepSeconds = 0.01;
constexpr double kLongestQueue = 1e6;
constexpr std::array kTargets{"class/rebuildable", "class/batch", "class/non_critical"};

const Subject kMain{SubjectKind::node, "main"};
const Subject kZone{SubjectKind::zone, "1"};

double served_share(int served, int failed, double before) {
  const int all = served + failed;
  return all > 0 ? static_cast<double>(served) / all : before;
}

}  // namespace

LockStorm::LockStorm(const LockStormParameters& parameters, Random random)
    : parameters_(parameters), throughput_(parameters), random_(std::move(random)) {
  samples_ = {
      gauge("admission_queue_age_seconds", kZone, 0, {}),
      ratio("pg_blocked_ratio", kMain, 0, 0, {}), gauge("pg_open_transactions", kZone, 0, {}),
      ratio("pg_row_blocked_ratio", kMain, 0, 0, {}), gauge("pg_waiters_over_500ms", kZone, 0, {})};
}

LockStorm::Limits LockStorm::limits_of(const std::vector<Incident>& active,
                                       const LeversInForce& levers) const {
  Limits limits;
  for (const auto& incident : active) limits.speed = std::min(limits.speed, incident.level);
  const auto& p = parameters_;
  const double own = p.concurrency > 0 ? p.concurrency : p.max_connections;
  const auto set = argument(levers, "admission", "zone/1", "concurrency");
  const double concurrency = std::min(set.value_or(own), static_cast<double>(p.max_connections));
  limits.concurrency = static_cast<std::size_t>(std::max(concurrency, 1.0));
  limits.queue_limit =
      argument(levers, "admission", "zone/1", "queue_limit").value_or(to_seconds(p.queue_limit));
  limits.queue_limit = std::min(limits.queue_limit, to_seconds(p.client_timeout));
  limits.admitted[0] = 1;
  for (std::size_t at = 0; at < kTargets.size(); ++at) {
    limits.admitted[at + 1] = admitted(levers, kTargets[at]);
  }
  return limits;
}

/// What is shed does not ask again: it was told to come back later.
void LockStorm::arrive(const Limits& limits) {
  if (!retries_.empty()) {
    queue_.insert(queue_.end(), retries_.front().begin(), retries_.front().end());
    retries_.pop_front();
  }
  const int arrivals = random_.poisson(parameters_.requests_per_second * kSubstepSeconds);
  for (int number = 0; number < arrivals; ++number) {
    Request request;
    request.sent = now_;
    if (!random_.chance(parameters_.critical)) {
      request.of_class = static_cast<std::uint8_t>(1 + random_.uniform() * kTargets.size());
    }
    const double share = limits.admitted[request.of_class];
    if (share >= 1 || random_.chance(share)) queue_.push_back(request);
  }
}

void LockStorm::turn_away(const Limits& limits) {
  while (!queue_.empty() && now_ - queue_.front().sent > limits.queue_limit) {
    fail(queue_.front());
    queue_.pop_front();
  }
  while (!queue_.empty() && serving_.size() < limits.concurrency) {
    serving_.push_back(queue_.front());
    queue_.pop_front();
  }
}

void LockStorm::take_out(std::size_t at) {
  serving_[at] = serving_.back();
  serving_.pop_back();
}

void LockStorm::abandon() {
  const double timeout = to_seconds(parameters_.client_timeout);
  for (std::size_t at = serving_.size(); at-- > 0;) {
    auto& request = serving_[at];
    if (request.abandoned || now_ - request.sent < timeout) continue;
    fail(request);
    request.abandoned = true;
    if (parameters_.cancel_abandoned) take_out(at);
  }
}

/// Exponential work, so that who ends next is anybody's chance.
void LockStorm::serve(double speed) {
  const auto count = static_cast<int>(serving_.size());
  if (count == 0) return;
  const double each = throughput_.at(count) * speed * kSubstepSeconds / count;
  for (int left = random_.binomial(count, 1 - std::exp(-each)); left > 0; --left) {
    const auto at =
        static_cast<std::size_t>(random_.uniform() * static_cast<double>(serving_.size()));
    if (!serving_[at].abandoned) ++outcomes_[serving_[at].of_class].served;
    take_out(at);
  }
}

void LockStorm::fail(const Request& request) {
  if (request.tries > parameters_.retries) {
    ++outcomes_[request.of_class].failed;
    ++failed_;
    return;
  }
  const double wait =
      to_seconds(parameters_.backoff) * std::pow(2, request.tries - 1) * random_.between(0.5, 1.5);
  const auto later = static_cast<std::size_t>(wait / kSubstepSeconds);
  while (retries_.size() <= later) retries_.emplace_back();
  auto again = request;
  again.sent = now_ + static_cast<double>(later + 1) * kSubstepSeconds;
  ++again.tries;
  retries_[later].push_back(again);
}

void LockStorm::substep(const Limits& limits) {
  ++substeps_;
  now_ = static_cast<double>(substeps_) * kSubstepSeconds;
  arrive(limits);
  turn_away(limits);
  abandon();
  serve(limits.speed);
}

void LockStorm::measure(const Limits& limits) {
  const auto open = static_cast<int>(serving_.size());
  const double for_locks = parameters_.lock_share * throughput_.waiting_share(open);
  const double waiting = 1 - limits.speed * (1 - for_locks);
  const double throughput = throughput_.at(open) * limits.speed;
  const double sojourn = throughput > 0 ? open / throughput : 0;
  const double age = queue_.empty() ? 0 : now_ - queue_.front().sent;
  const double wait = sojourn * waiting;
  const double long_waits = wait > 0 ? open * waiting * std::exp(-0.5 / wait) : 0;
  samples_[0].numerator = age;
  const int blocked = random_.binomial(open, waiting);
  samples_[1] = ratio("pg_blocked_ratio", kMain, blocked, open, {});
  samples_[2].numerator = open;
  samples_[3] = ratio("pg_row_blocked_ratio", kMain, blocked, open, {});  // there is no DDL
  samples_[4].numerator = std::floor(long_waits);

  Outcome others;
  double share = 0;
  for (std::size_t at = 1; at < kClasses; ++at) {
    others.served += outcomes_[at].served;
    others.failed += outcomes_[at].failed;
    share += limits.admitted[at] / static_cast<double>(kTargets.size());
  }
  const double before = speed_ < 1 ? 0 : 1;  // of what nobody asked for
  truth_.critical = served_share(outcomes_[0].served, outcomes_[0].failed, before);
  truth_.non_critical = share * served_share(others.served, others.failed, before);
  truth_.controlled = age + sojourn;
}

Result<void> LockStorm::advance(Duration step, const std::vector<Incident>& active,
                                const LeversInForce& levers) {
  const auto limits = limits_of(active, levers);
  speed_ = limits.speed;
  outcomes_ = {};
  for (Duration passed{}; passed < step; passed += kSubstep) substep(limits);
  measure(limits);
  const auto waiting = static_cast<double>(queue_.size());
  if (auto error =
          diverged(*this, "requests in the queue", waiting, kLongestQueue, from_seconds(now_))) {
    return *std::move(error);
  }
  return {};
}

std::vector<Quantity> LockStorm::quantities() const {
  return {{"in_service", static_cast<double>(serving_.size())},
          {"queued", static_cast<double>(queue_.size())},
          {"failed_requests_total", static_cast<double>(failed_)},
          {"critical_served_share", truth_.critical},
          {"non_critical_served_share", truth_.non_critical}};
}

}  // namespace homeostat
