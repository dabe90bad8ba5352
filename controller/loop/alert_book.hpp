// SPDX-License-Identifier: Apache-2.0
// Which alerts an Alertmanager should hear of, and when. Pure: no clock, no I/O.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controller/ports/alert_sink.hpp"

namespace homeostat {

using AlertLabels = std::map<std::string, std::string>;

/// Every alert that is active or ended not long ago.
struct AlertBook {
  struct Entry {
    Alert alert;
    std::optional<WallTime> ended;
    TimePoint changed{};  ///< when it became active or ended
  };
  std::map<AlertLabels, Entry> entries;

  /// Takes in what is active now; what is missing has ended. Returns whether anything new became
  /// active or ended.
  bool update(std::vector<Alert> active, WallTime wall, TimePoint now);

  /// Forgets ends older than `keep` and, beyond `capacity`, the oldest ends and then the newest
  /// active ones. Returns how many went for want of room.
  std::size_t prune(TimePoint now, Duration keep, std::size_t capacity);
};

/// What one instance was told last.
struct AlertReceipts {
  struct Receipt {
    TimePoint sent{};
    TimePoint changed{};  ///< of the entry that was sent
  };
  std::map<AlertLabels, Receipt> receipts;

  /// The entries to send now, at most `most`: those the instance has not heard of in their present
  /// state, and those it heard of `resend` ago.
  std::vector<AlertBook::Entry> due(const AlertBook& book, TimePoint now, Duration resend,
                                    std::size_t most) const;

  /// When the next one is due; nothing when there is nothing to send.
  std::optional<TimePoint> next_due(const AlertBook& book, Duration resend) const;

  /// Notes that `sent` was received, and forgets what is no longer in the book.
  void received(const AlertBook& book, const std::vector<AlertBook::Entry>& sent, TimePoint now);
};

/// Body of POST /api/v2/alerts. An active alert ends `valid` after `wall`, unless it is sent again.
std::string alertmanager_json(const std::vector<AlertBook::Entry>& entries, WallTime wall,
                              Duration valid);

}  // namespace homeostat
