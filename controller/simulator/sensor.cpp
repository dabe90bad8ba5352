// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/sensor.hpp"

#include <algorithm>
#include <utility>

namespace homeostat {

Sensor::Sensor(SensorSettings settings, Random random)
    : settings_(settings), random_(std::move(random)) {}

void Sensor::disturb(Sample& sample, TimePoint now) {
  sample.taken = now;
  if (settings_.missing > 0 && random_.chance(settings_.missing)) {
    sample.quality = Quality::absent;
    sample.reason = AbsentReason::timeout;
    return;
  }
  if (settings_.noise <= 0 || sample.quality != Quality::whole) return;
  const double noisy = sample.numerator * (1 + settings_.noise * random_.normal());
  sample.numerator = std::max(noisy, 0.0);
}

Snapshot& Sensor::read(const std::vector<Sample>& measured, TimePoint now) {
  auto& samples = snapshot_.samples;
  if (settings_.delay <= Duration{}) {
    // Names stay as they are: copying them each second would cost more than the plant does.
    if (samples.size() != measured.size()) samples = measured;
    for (std::size_t at = 0; at < measured.size(); ++at) {
      samples[at].quality = measured[at].quality;
      samples[at].reason = measured[at].reason;
      samples[at].numerator = measured[at].numerator;
      samples[at].denominator = measured[at].denominator;
      disturb(samples[at], now);
    }
    return snapshot_;
  }
  auto taken = measured;
  for (auto& sample : taken) disturb(sample, now);
  under_way_.push_back(std::move(taken));
  while (!under_way_.empty() && under_way_.front().front().taken + settings_.delay <= now) {
    samples = std::move(under_way_.front());
    under_way_.pop_front();
  }
  return snapshot_;
}

}  // namespace homeostat
