// SPDX-License-Identifier: Apache-2.0
// Follows the plant itself through a simulation: when service is back, how far the controlled
// quantity went, when it settled.
#pragma once

#include <optional>

#include "controller/simulator/plant.hpp"
#include "controller/simulator/score.hpp"

namespace homeostat {

class ServiceWatch {
 public:
  explicit ServiceWatch(double limit) : limit_(limit) {}

  void incident_begins(TimePoint now);
  void incident_ends(TimePoint now);
  /// How things are at `now`.
  void see(const PlantTruth& truth, TimePoint now);
  ServiceScore finish();

 private:
  /// The beginning of the time, still going on, for which something has been so.
  struct Streak {
    std::optional<TimePoint> since;
    std::optional<TimePoint> lasting;  ///< the first one that lasted long enough
    void see(bool holds, TimePoint now);
    void reset() { *this = {}; }
  };
  void close_account();

  double limit_;
  ServiceScore score_;
  std::optional<TimePoint> began_;
  std::optional<TimePoint> ended_;
  double peak_ = 0;  ///< of the controlled quantity, since the incident began
  Streak critical_;
  Streak full_;
  Streak settled_;
};

}  // namespace homeostat
