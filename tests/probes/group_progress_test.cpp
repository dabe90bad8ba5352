// SPDX-License-Identifier: Apache-2.0
// Sums over partitions, without a broker.
#include "probes/group_progress.hpp"

#include <catch2/catch.hpp>

namespace homeostat::testing {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;

kafka::PartitionOffsets at(int partition, std::optional<std::int64_t> committed, std::int64_t end) {
  kafka::PartitionOffsets offsets;
  offsets.of = {"plays", partition};
  offsets.committed = committed;
  offsets.end = end;
  return offsets;
}

struct Readings {
  GroupProgress progress{ProgressWindows{}};
  TimePoint now{};

  GroupStanding read(std::vector<kafka::PartitionOffsets> partitions, std::string cluster = "a") {
    now += 1s;
    return progress.add({std::move(cluster), std::move(partitions)}, now);
  }
};

TEST_CASE("a group's lag is the sum of its partitions, its age that of the oldest") {
  Readings group;
  group.read({at(0, 10, 10), at(1, 20, 20)});
  const auto standing = group.read({at(0, 10, 13), at(1, 20, 24)});
  CHECK(standing.lag_events == 7.0);
  CHECK(standing.lag_seconds == 1.0);
  CHECK(standing.arrival_events_per_second == 7.0);
  CHECK(standing.consumed_events_per_second == 0.0);
  CHECK(standing.remark.empty());
}

TEST_CASE("one partition without an offset makes the whole lag unknown (H7)") {
  Readings group;
  const auto standing = group.read({at(0, 10, 13), at(1, std::nullopt, 24)});
  CHECK_FALSE(standing.lag_events);
  CHECK_FALSE(standing.lag_seconds);
  CHECK(standing.why_absent == AbsentReason::partial);
  CHECK_THAT(standing.remark, Contains("plays/1"));
}

TEST_CASE("a group that is set back in one partition is unknown once (H8)") {
  Readings group;
  group.read({at(0, 10, 13), at(1, 20, 24)});
  const auto back = group.read({at(0, 5, 13), at(1, 24, 24)});
  CHECK_FALSE(back.lag_events);
  CHECK(back.why_absent == AbsentReason::identity_changed);
  CHECK_THAT(back.remark, Contains("plays/0") && Contains("set back"));
  CHECK(group.read({at(0, 5, 13), at(1, 24, 24)}).lag_events == 8.0);
}

TEST_CASE("a partition that is added makes the rates unknown once, and the lag not") {
  Readings group;
  group.read({at(0, 10, 10)});
  group.read({at(0, 10, 11)});
  const auto grown = group.read({at(0, 10, 12), at(1, 0, 3)});
  CHECK(grown.lag_events == 5.0);
  CHECK_FALSE(grown.arrival_events_per_second);
  CHECK(group.read({at(0, 10, 13), at(1, 0, 5)}).arrival_events_per_second.has_value());
}

TEST_CASE("another cluster at the same address breaks every line (H8)") {
  Readings group;
  group.read({at(0, 10, 10)});
  const auto elsewhere = group.read({at(0, 500, 900)}, "b");
  CHECK_FALSE(elsewhere.lag_events);
  CHECK(elsewhere.why_absent == AbsentReason::identity_changed);
  const auto next = group.read({at(0, 500, 905)}, "b");
  CHECK(next.lag_events == 405.0);
  CHECK(next.arrival_events_per_second == 5.0);
}

TEST_CASE("the partition that does worst is named: stalled before slow") {
  Readings group;
  GroupStanding standing;
  for (int i = 0; i <= 60; ++i) {
    standing = group.read({at(0, 0, 1000 + 10 * i), at(1, 7, 9), at(2, i, 500 + 5 * i)});
  }
  CHECK(standing.remark == "plays/0: stalled, 1600 events to read");
}

}  // namespace
}  // namespace homeostat::testing
