// SPDX-License-Identifier: Apache-2.0
// What listeners do, made up: a few tracks are played far more often than the rest.
#pragma once

#include <cstdint>
#include <random>

#include "deploy/demo/pipeline/event.hpp"

namespace melodyud {

class EventMaker {
 public:
  /// Tracks are 1 to `tracks`, of which the k-th is played in proportion to 1 / k^0.8. The same
  /// seed gives the same tracks and listeners; event ids are this run's own.
  EventMaker(int tracks, std::uint64_t seed);

  /// One in 25 is an ad impression.
  Event next(std::int64_t happened_at_us);

 private:
  std::mt19937_64 random_;
  std::discrete_distribution<int> track_;
  std::int64_t next_id_;
};

}  // namespace melodyud
