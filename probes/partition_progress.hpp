// SPDX-License-Identifier: Apache-2.0
// How a consumer group gets on in one partition, from readings of two offsets. Pure: no clock, no
// broker, and no event's own timestamp, which is the producer's word.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>

#include "controller/transport/kafka_group.hpp"
#include "policies/model/time.hpp"

namespace homeostat {

/// How far back is looked.
struct ProgressWindows {
  Duration arrival = std::chrono::seconds{5};  ///< of the rate at which events arrive
  Duration judged = std::chrono::seconds{60};  ///< of the rate at which they are read, and of Pace;
                                               ///< longer than consumers take between commits
  Duration spacing = std::chrono::seconds{5};  ///< between what is kept for ages
  std::size_t kept = 200;                      ///< how many of those
  Duration level = std::chrono::seconds{10};   ///< what was the end so long ago still counts as it:
                                               ///< consumers commit now and then, events come all
                                               ///< the time
};

/// Whether a reading continues the line of the ones before it.
enum class Continuity {
  goes_on,
  uncommitted,  ///< there are events, and the group has no offset
  rewound,      ///< the group's offset went back: somebody set it
  recreated,    ///< the log ends before where it ended, or where the group is, or begins before
                ///< where it began: another topic
};

/// A consumer over the whole window `judged`.
enum class Pace {
  keeping_up,   ///< it was at least once where the end was no longer than `level` before
  catching_up,  ///< it never was, and is nearer to it than it was
  slow,         ///< it reads, and is no nearer
  stalled,      ///< it has events to read, and committed nothing
};

class PartitionProgress {
 public:
  explicit PartitionProgress(ProgressWindows windows) : windows_{windows} {}

  /// One more reading; `taken` never goes back. What the others say is as of this one.
  Continuity add(const kafka::PartitionOffsets& offsets, TimePoint taken);

  /// The arrival rate is that since the last reading but one, whatever it was before.
  void forget_earlier_arrivals();

  /// Events that are not read yet and can be: what retention has deleted does not count. Nothing
  /// when this reading does not go on from the last one.
  std::optional<std::int64_t> lag() const;

  /// Events that were deleted before the group had read them; 0 as soon as the group stands where
  /// there is a log again. Nothing as lag().
  std::optional<std::int64_t> lost() const;

  /// Seconds since the group was last known to be level with the log: an upper bound of the age of
  /// the oldest event that is not read, by at most a reading and `spacing`. Where that was before
  /// our first reading, reckoned by the mean rate since, once that is known over `judged`.
  std::optional<double> lag_seconds() const;

  /// Events a second, over `arrival`. Nothing for the first reading.
  std::optional<double> arrival_rate() const;
  /// Events a second, over `judged` or since the last break. Nothing for the first reading.
  std::optional<double> consumed_rate() const;

  /// Nothing until `judged` has passed since the first reading or the last break.
  std::optional<Pace> pace() const;

  Continuity continuity() const { return continuity_; }
  /// Whether the group was set back within `judged`.
  bool rewound() const;

  /// As of the newest reading.
  std::int64_t end() const { return written_.back().end; }
  std::optional<std::int64_t> committed() const { return committed_; }

 private:
  struct Written {
    TimePoint taken{};
    std::int64_t end = 0;
  };
  struct Read {
    TimePoint taken{};
    std::int64_t committed = 0;
    std::int64_t end = 0;
  };
  /// Where the group goes on reading: what it has committed, or the log's start after that.
  std::int64_t position() const;
  void remember_end(std::int64_t end, TimePoint taken);

  ProgressWindows windows_;
  Continuity continuity_ = Continuity::goes_on;
  std::optional<std::int64_t> committed_;
  std::optional<std::int64_t> start_;  ///< of the log, as last told
  std::optional<TimePoint> rewound_;
  std::deque<Written> written_;  ///< over `arrival`
  std::deque<Read> read_;        ///< over `judged`; empty without an offset
  std::deque<Written> ends_;     ///< each end, and when the log was last seen to end there
};

std::string_view to_text(Continuity continuity);
std::string_view to_text(Pace pace);

}  // namespace homeostat
