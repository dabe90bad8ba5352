// SPDX-License-Identifier: Apache-2.0
#include "deploy/demo/pipeline/event_maker.hpp"

#include <cmath>
#include <vector>

namespace melodyud {
namespace {

constexpr int kListeners = 10'000;
constexpr int kCampaigns = 50;
constexpr int kImpressionEvery = 25;

std::vector<double> popularity(int tracks) {
  std::vector<double> weights;
  for (int place = 1; place <= tracks; ++place) weights.push_back(std::pow(place, -0.8));
  return weights;
}

/// 23 random bits for this run, above 40 bits that count its events.
std::int64_t first_id() {
  std::random_device entropy;
  return std::int64_t{entropy() & 0x7fffffU} << 40;
}

}  // namespace

EventMaker::EventMaker(int tracks, std::uint64_t seed) : random_{seed}, next_id_{first_id()} {
  const auto weights = popularity(tracks);
  track_ = std::discrete_distribution<int>{weights.begin(), weights.end()};
}

Event EventMaker::next(std::int64_t happened_at_us) {
  Event event;
  event.event_id = next_id_++;
  event.kind = random_() % kImpressionEvery == 0 ? EventKind::ad_impression : EventKind::play;
  event.track_id = 1 + track_(random_);
  event.listener_id = 1 + static_cast<std::int64_t>(random_() % kListeners);
  if (event.kind == EventKind::ad_impression) {
    event.campaign = 1 + static_cast<std::int32_t>(random_() % kCampaigns);
  }
  event.happened_at_us = happened_at_us;
  return event;
}

}  // namespace melodyud
