// SPDX-License-Identifier: Apache-2.0
#include "probes/backoff.hpp"

#include <algorithm>

namespace homeostat {
namespace {

constexpr Duration kFirst = std::chrono::milliseconds{250};
constexpr Duration kLongest = std::chrono::seconds{10};

}  // namespace

void Backoff::failed(TimePoint now) {
  wait_ = wait_ == Duration::zero() ? kFirst : std::min(wait_ * 2, kLongest);
  std::uniform_int_distribution<Duration::rep> shortened{wait_.count() / 2, wait_.count()};
  next_ = now + Duration{shortened(random_)};
}

void Backoff::succeeded() {
  wait_ = Duration::zero();
  next_ = TimePoint::min();
}

}  // namespace homeostat
