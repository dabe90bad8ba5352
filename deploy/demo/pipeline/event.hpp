// SPDX-License-Identifier: Apache-2.0
// One event of MelodyUD's stream, and how it stands in a Kafka message: a line of fields with tabs
// between them. Its key in Kafka is the track, so that all of a track's events are in one
// partition.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace melodyud {

enum class EventKind { play, ad_impression };

struct Event {
  EventKind kind = EventKind::play;
  /// Unique: two messages with the same one are the same event, sent twice.
  std::int64_t event_id = 0;
  std::int64_t track_id = 0;
  std::int64_t listener_id = 0;
  std::int32_t campaign = 0;  ///< of an ad impression
  /// UNIX microseconds, by the producer's clock: only latencies are measured with it.
  std::int64_t happened_at_us = 0;
  friend bool operator==(const Event&, const Event&) = default;
};

std::string encode(const Event& event);

/// Nothing: this is no event.
std::optional<Event> decode(std::string_view text);

}  // namespace melodyud
