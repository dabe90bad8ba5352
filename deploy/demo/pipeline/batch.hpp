// SPDX-License-Identifier: Apache-2.0
// What one transaction is going to apply: the plays grouped by track, the ad impressions, and how
// far that brings each partition.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

#include "deploy/demo/pipeline/event.hpp"

namespace melodyud {

struct Batch {
  /// Of one partition: the messages from first_offset, where the batch before it ended, up to, and
  /// without, next_offset.
  struct Span {
    std::int64_t first_offset = 0;
    std::int64_t next_offset = 0;
    std::int64_t owner_epoch = 0;  ///< of the claim by which we own the partition
  };

  std::map<std::int32_t, Span> spans;                    ///< by partition
  std::unordered_map<std::int64_t, std::int64_t> plays;  ///< how many, by track
  std::vector<Event> impressions;
  std::vector<std::int64_t> happened_at_us;  ///< of every event that counts
  std::size_t messages = 0;                  ///< read, whether they count or not
  std::size_t duplicates = 0;                ///< events that had been seen
  std::size_t malformed = 0;                 ///< messages that are no event

  void add(const Event& event) {
    happened_at_us.push_back(event.happened_at_us);
    if (event.kind == EventKind::play) {
      ++plays[event.track_id];
    } else {
      impressions.push_back(event);
    }
  }

  bool empty() const { return messages == 0; }
};

}  // namespace melodyud
