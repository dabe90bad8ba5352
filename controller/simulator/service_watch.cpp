// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/service_watch.hpp"

#include <algorithm>

namespace homeostat {
namespace {

constexpr double kServed = 0.95;                         // of the demand: service is back
constexpr Duration kLasting = std::chrono::seconds{10};  // and stays
constexpr Duration kSettled = std::chrono::seconds{30};
constexpr Duration kAftermath = std::chrono::seconds{60};

Elapsed elapsed(const std::optional<TimePoint>& from, const std::optional<TimePoint>& to) {
  if (!from || !to) return std::nullopt;
  return std::max(to_seconds(*to - *from), 0.0);
}

}  // namespace

void ServiceWatch::Streak::see(bool holds, TimePoint now) {
  if (!holds) {
    since.reset();
    return;
  }
  if (!since) since = now;
}

void ServiceWatch::incident_begins(TimePoint now) {
  close_account();
  began_ = now;
}

void ServiceWatch::incident_ends(TimePoint now) {
  ended_ = now;
  critical_.reset();
  full_.reset();
}

void ServiceWatch::see(const PlantTruth& truth, TimePoint now) {
  if (!began_ || (ended_ && now - *ended_ >= kAftermath)) {
    ++score_.calm;
    if (truth.controlled <= limit_) ++score_.calm_within;
  }
  if (!began_) return;
  peak_ = std::max(peak_, truth.controlled);
  const auto follow = [now](Streak& streak, bool holds, Duration lasting) {
    streak.see(holds, now);
    if (!streak.lasting && streak.since && now - *streak.since >= lasting) {
      streak.lasting = streak.since;
    }
  };
  follow(settled_, truth.controlled <= limit_, kSettled);
  if (!ended_) return;
  follow(critical_, truth.critical >= kServed, kLasting);
  const bool full = truth.critical >= kServed && truth.non_critical >= kServed;
  follow(full_, full, kLasting);
}

void ServiceWatch::close_account() {
  if (began_ && ended_) {
    score_.overshoot.emplace_back(std::max(peak_ / limit_ - 1, 0.0));
    score_.critical_back.push_back(elapsed(ended_, critical_.lasting));
    score_.full_service.push_back(elapsed(ended_, full_.lasting));
    score_.settling.push_back(elapsed(began_, settled_.lasting));
  }
  began_.reset();
  ended_.reset();
  peak_ = 0;
  critical_.reset();
  full_.reset();
  settled_.reset();
}

ServiceScore ServiceWatch::finish() {
  close_account();
  return score_;
}

}  // namespace homeostat
