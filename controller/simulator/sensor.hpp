// SPDX-License-Identifier: Apache-2.0
// Between what a plant is and what decide() is told: delay, noise, and samples that are missing.
#pragma once

#include <deque>
#include <vector>

#include "controller/simulator/random.hpp"
#include "policies/model/snapshot.hpp"

namespace homeostat {

struct SensorSettings {
  Duration delay{};    ///< from a measurement to its arrival
  double noise = 0;    ///< standard deviation, as a share of the value
  double missing = 0;  ///< share of samples that are absent
  friend bool operator==(const SensorSettings&, const SensorSettings&) = default;
};

class Sensor {
 public:
  Sensor(SensorSettings settings, Random random);

  /// What has arrived by `now`, where `measured` is what the plant shows at that moment: always the
  /// same signals and subjects in their order. The reference holds until the next call; what is
  /// known without being measured is the caller's to add.
  Snapshot& read(const std::vector<Sample>& measured, TimePoint now);

 private:
  void disturb(Sample& sample, TimePoint now);

  SensorSettings settings_;
  Random random_;
  Snapshot snapshot_;
  std::deque<std::vector<Sample>> under_way_;  ///< only with a delay
};

}  // namespace homeostat
