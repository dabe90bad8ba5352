// SPDX-License-Identifier: Apache-2.0
// The arithmetic of lag, without a broker.
#include "probes/partition_progress.hpp"

#include <catch2/catch.hpp>

namespace homeostat::testing {
namespace {

using namespace std::chrono_literals;

/// One partition, read second by second of a time that only the test moves.
struct Partition {
  PartitionProgress progress{ProgressWindows{}};
  TimePoint now{};

  Continuity read(std::optional<std::int64_t> committed, std::int64_t end, Duration later = 1s) {
    now += later;
    kafka::PartitionOffsets offsets;
    offsets.committed = committed;
    offsets.end = end;
    return progress.add(offsets, now);
  }
  /// The same, with where the log begins.
  Continuity read_from(std::int64_t start, std::optional<std::int64_t> committed,
                       std::int64_t end) {
    now += 1s;
    kafka::PartitionOffsets offsets;
    offsets.committed = committed;
    offsets.end = end;
    offsets.start = start;
    return progress.add(offsets, now);
  }
};

TEST_CASE("lag is what is written and not read, and a group at the end has none") {
  Partition partition;
  CHECK(partition.read(90, 100) == Continuity::goes_on);
  CHECK(partition.progress.lag() == 10);
  CHECK(partition.read(100, 100) == Continuity::goes_on);
  CHECK(partition.progress.lag() == 0);
  CHECK(partition.progress.lag_seconds() == 0.0);
}

TEST_CASE("the first reading gives no rate, for nothing is known of before") {
  Partition partition;
  partition.read(90, 100);
  CHECK_FALSE(partition.progress.arrival_rate());
  CHECK_FALSE(partition.progress.consumed_rate());
  CHECK_FALSE(partition.progress.pace());
}

TEST_CASE("rates are over their windows: arrivals over 5 s, what is read over 60 s") {
  Partition partition;
  for (int i = 0; i <= 60; ++i) partition.read(10 * i, 20 * i);
  CHECK(partition.progress.arrival_rate() == 20.0);
  CHECK(partition.progress.consumed_rate() == 10.0);
  for (int i = 1; i <= 5; ++i) partition.read(600, 1200 + 100 * i);
  CHECK(partition.progress.arrival_rate() == 100.0);
  CHECK(*partition.progress.consumed_rate() == Approx(550.0 / 60));
}

TEST_CASE("a rate after a gap in the readings is of the time since, not of before it") {
  Partition partition;
  for (int i = 0; i < 10; ++i) partition.read(0, 100 * i);
  partition.read(0, 900, 10min);
  partition.read(0, 950);
  CHECK(partition.progress.arrival_rate() == 50.0);
}

TEST_CASE("a group that never committed has an unknown lag, not none and not the whole log (H7)") {
  Partition partition;
  CHECK(partition.read(std::nullopt, 100) == Continuity::uncommitted);
  CHECK_FALSE(partition.progress.lag());
  CHECK_FALSE(partition.progress.lag_seconds());
  CHECK_FALSE(partition.progress.consumed_rate());
  partition.read(std::nullopt, 110);
  CHECK(partition.progress.arrival_rate() == 10.0);
}

TEST_CASE("where nothing was ever written nothing can be unread") {
  Partition partition;
  CHECK(partition.read(std::nullopt, 0) == Continuity::goes_on);
  CHECK(partition.progress.lag() == 0);
  CHECK(partition.read(std::nullopt, 5) == Continuity::uncommitted);
  CHECK_FALSE(partition.progress.lag());
}

TEST_CASE("an offset that is deleted makes the lag unknown (H8)") {
  Partition partition;
  partition.read(90, 100);
  CHECK(partition.read(std::nullopt, 100) == Continuity::uncommitted);
  CHECK_FALSE(partition.progress.lag());
}

TEST_CASE("a group that is set back is unknown once, and then further behind (H8)") {
  Partition partition;
  for (int i = 0; i < 10; ++i) partition.read(90 + i, 100 + i);
  CHECK(partition.read(10, 110) == Continuity::rewound);
  CHECK_FALSE(partition.progress.lag());
  CHECK_FALSE(partition.progress.consumed_rate());
  CHECK(partition.progress.arrival_rate() == 1.0);
  CHECK(partition.read(20, 111) == Continuity::goes_on);
  CHECK(partition.progress.lag() == 91);
  CHECK(partition.progress.consumed_rate() == 10.0);
}

TEST_CASE("a log that is shorter than it was is another topic: everything is unknown (H8)") {
  Partition partition;
  for (int i = 0; i < 10; ++i) partition.read(100, 100 + i);
  CHECK(partition.read(0, 5) == Continuity::recreated);
  CHECK_FALSE(partition.progress.lag());
  CHECK_FALSE(partition.progress.arrival_rate());
  CHECK(partition.read(0, 7) == Continuity::goes_on);
  CHECK(partition.progress.lag() == 7);
  CHECK(partition.progress.arrival_rate() == 2.0);
}

TEST_CASE("a group ahead of its log is unknown for as long as it is, never below 0 (H8)") {
  Partition partition;
  partition.read(100, 100);
  CHECK(partition.read(100, 40) == Continuity::recreated);
  CHECK(partition.read(100, 60) == Continuity::recreated);
  CHECK_FALSE(partition.progress.lag());
  CHECK(partition.read(100, 100) == Continuity::goes_on);
  CHECK(partition.progress.lag() == 0);
}

TEST_CASE("the age of what is unread is the time since the group was level with the log") {
  Partition partition;
  partition.read(100, 100);
  for (int i = 1; i <= 30; ++i) partition.read(100, 100 + i);
  CHECK(partition.progress.lag_seconds() == 30.0);
  partition.read(125, 130);
  CHECK(*partition.progress.lag_seconds() >= 5.0);
  CHECK(*partition.progress.lag_seconds() <= 12.0);
}

TEST_CASE("the age keeps growing when nothing more arrives") {
  Partition partition;
  partition.read(100, 100);
  partition.read(100, 105);
  for (int i = 0; i < 3600; ++i) partition.read(100, 105);
  CHECK(partition.progress.lag_seconds() == 3601.0);
}

TEST_CASE(
    "an age from before the first reading is reckoned by the rate since, and before unknown") {
  Partition partition;
  for (int i = 0; i < 60; ++i) {
    partition.read(0, 600 + 10 * i);
    CHECK_FALSE(partition.progress.lag_seconds());
  }
  partition.read(0, 1200);
  CHECK(partition.progress.lag_seconds() == 120.0);
}

TEST_CASE("an age that is older than what is kept is reckoned by the rate of what is kept") {
  Partition partition;
  partition.read(100, 100);
  for (int i = 1; i <= 3000; ++i) partition.read(100, 100 + 2 * i);
  CHECK(*partition.progress.lag_seconds() == Approx(3000).margin(6));
}

TEST_CASE("stalled, slow, catching up and keeping up are told apart over a minute") {
  Partition stalled;
  Partition slow;
  Partition catching_up;
  Partition keeping_up;
  for (int i = 0; i <= 60; ++i) {
    CHECK_FALSE(stalled.progress.pace());
    stalled.read(50, 100);
    slow.read(5 * i, 100 + 10 * i);
    catching_up.read(20 * i, 2000 + 10 * i);
    keeping_up.read(10 * i - (i % 7), 10 * i);
  }
  CHECK(stalled.progress.pace() == Pace::stalled);
  CHECK(slow.progress.pace() == Pace::slow);
  CHECK(catching_up.progress.pace() == Pace::catching_up);
  CHECK(keeping_up.progress.pace() == Pace::keeping_up);
}

TEST_CASE("events that retention deleted are lost, and are no lag any more") {
  Partition partition;
  partition.read_from(0, 10, 100);
  CHECK(partition.progress.lag() == 90);
  CHECK(partition.progress.lost() == 0);
  CHECK(partition.read_from(60, 10, 100) == Continuity::goes_on);
  CHECK(partition.progress.lag() == 40);
  CHECK(partition.progress.lost() == 50);
  partition.read(10, 110);  // the start is remembered
  CHECK(partition.progress.lag() == 50);
  partition.read_from(110, 10, 110);
  CHECK(partition.progress.lag() == 0);
  CHECK(partition.progress.lag_seconds() == 0.0);
}

TEST_CASE("events that were skipped do not count as read") {
  Partition partition;
  for (int i = 0; i < 10; ++i) partition.read_from(0, 10, 1000);
  partition.read_from(900, 10, 1000);
  partition.read_from(900, 900, 1000);
  CHECK(partition.progress.lost() == 0);
  CHECK_FALSE(partition.progress.consumed_rate());
  partition.read(910, 1000);
  CHECK(partition.progress.consumed_rate() == 10.0);
}

TEST_CASE("a group with nothing left to read does not stall") {
  Partition partition;
  for (int i = 0; i <= 60; ++i) partition.read_from(100, 10, 100);
  CHECK(partition.progress.pace() == Pace::keeping_up);
}

TEST_CASE("a log whose every event was deleted has nothing unread, committed or not") {
  Partition partition;
  CHECK(partition.read_from(100, std::nullopt, 100) == Continuity::goes_on);
  CHECK(partition.progress.lag() == 0);
  CHECK(partition.read_from(100, std::nullopt, 101) == Continuity::uncommitted);
}

TEST_CASE("a log that begins before where it began is another topic, however long it is (H8)") {
  Partition partition;
  partition.read_from(50, 100, 100);
  CHECK(partition.read_from(0, 100, 500) == Continuity::recreated);
  CHECK_FALSE(partition.progress.lag());
}

TEST_CASE("a group that was set back has been for a minute") {
  Partition partition;
  partition.read(100, 100);
  CHECK_FALSE(partition.progress.rewound());
  partition.read(10, 100);
  for (int i = 0; i < 59; ++i) {
    CHECK(partition.progress.rewound());
    partition.read(10 + i, 100);
  }
  CHECK(partition.progress.rewound());
  partition.read(90, 100);
  CHECK_FALSE(partition.progress.rewound());
}

}  // namespace
}  // namespace homeostat::testing
