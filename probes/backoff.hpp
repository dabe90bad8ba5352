// SPDX-License-Identifier: Apache-2.0
// When to try a broken connection again.
#pragma once

#include <cstdint>
#include <random>

#include "policies/model/time.hpp"

namespace homeostat {

/// Exponential, from 250 ms doubling to 10 s, each wait shortened by a random part of up to one
/// half, so that many daemons do not come back at the same moment.
class Backoff {
 public:
  explicit Backoff(std::uint64_t seed) : random_{seed} {}

  /// An attempt at `now` failed: no other before next().
  void failed(TimePoint now);
  void succeeded();

  /// The earliest time of the next attempt; the beginning of time when the last one succeeded.
  TimePoint next() const { return next_; }

 private:
  std::mt19937_64 random_;
  Duration wait_{};  ///< the last one, unshortened; 0 when there was none
  TimePoint next_ = TimePoint::min();
};

}  // namespace homeostat
