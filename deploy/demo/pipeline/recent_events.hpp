// SPDX-License-Identifier: Apache-2.0
// The event ids that were last seen in one partition, so that an event which a producer sent twice
// counts once. Bounded: it forgets the oldest.
//
// Not in the database: a row an event would be as many writes as batches save. The log itself
// remembers the ids; who takes a partition over reads its newest ones again (event_stream.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <unordered_set>

namespace melodyud {

class RecentEvents {
 public:
  /// `limit`: how many ids it remembers; at least 1. About 60 bytes each.
  explicit RecentEvents(std::size_t limit) : limit_{limit} {}

  /// False when it has been seen.
  bool insert(std::int64_t event_id) {
    if (!ids_.insert(event_id).second) return false;
    oldest_first_.push_back(event_id);
    if (oldest_first_.size() > limit_) {
      ids_.erase(oldest_first_.front());
      oldest_first_.pop_front();
    }
    return true;
  }

  std::size_t size() const { return ids_.size(); }

 private:
  std::size_t limit_;
  std::unordered_set<std::int64_t> ids_;
  std::deque<std::int64_t> oldest_first_;
};

}  // namespace melodyud
