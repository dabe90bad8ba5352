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
    return progress.add({std::move(cluster), std::move(partitions), state}, now);
  }
  std::optional<kafka::GroupState> state = {};
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

TEST_CASE("a rate that steps up is known at the second reading after it, over all partitions") {
  Readings group;
  std::int64_t end = 0;
  const auto second = [&](std::int64_t events) {
    end += events;
    return group.read({at(0, end, end), at(1, 2 * end, 2 * end)}).arrival_events_per_second;
  };
  for (int i = 0; i < 10; ++i) second(100);
  CHECK(second(100) == 300.0);
  CHECK(second(1000) == Approx(3 * (4 * 100 + 1000) / 5.0));  // the mean over five seconds
  CHECK(second(1000) == 3000.0);
  CHECK(second(1000) == 3000.0);
  // Down again it takes the five seconds.
  CHECK(second(100) > 1000.0);
}

TEST_CASE("a partition that is added with many events is no rise of the rate") {
  Readings group;
  for (int i = 0; i < 10; ++i) group.read({at(0, 100 * i, 100 * i)});
  std::int64_t other = 1'000'000;
  const auto with_both = [&] {
    other += 100;
    return group.read({at(0, 1000, 1000), at(1, other, other)}).arrival_events_per_second;
  };
  CHECK_FALSE(with_both());
  CHECK(with_both() < 300.0);
  CHECK(with_both() < 300.0);
}

TEST_CASE("the partition that does worst is named: stalled before slow") {
  Readings group;
  GroupStanding standing;
  for (int i = 0; i <= 60; ++i) {
    standing = group.read({at(0, 0, 1000 + 10 * i), at(1, 7, 9), at(2, i, 500 + 5 * i)});
  }
  CHECK(standing.remark == "plays/0: stalled, 1600 events to read");
}

/// What a minute of readings comes to; `committed` and `end` of partition 0 by the second.
template <class Committed, class End>
GroupStanding after_a_minute(std::optional<kafka::GroupState> state, Committed committed, End end) {
  Readings group;
  group.state = state;
  GroupStanding standing;
  for (int i = 0; i <= 60; ++i) standing = group.read({at(0, committed(i), end(i)), at(1, 9, 9)});
  return standing;
}

TEST_CASE("a group is told by its worst partition: keeping up, catching up, slow or stalled") {
  const auto stable = kafka::GroupState::stable;
  const auto condition = [&](auto committed, auto end) {
    return after_a_minute(stable, committed, end).condition;
  };
  CHECK(condition([](int i) { return i; }, [](int i) { return i; }) ==
        ConsumerCondition::keeping_up);
  CHECK(condition([](int i) { return 20 * i; }, [](int i) { return 2000 + 10 * i; }) ==
        ConsumerCondition::catching_up);
  CHECK(condition([](int i) { return 5 * i; }, [](int i) { return 100 + 10 * i; }) ==
        ConsumerCondition::slow);
  CHECK(condition([](int) { return 50; }, [](int i) { return 100 + i; }) ==
        ConsumerCondition::stalled);
  CHECK(condition([](int) { return 50; }, [](int) { return 100; }) == ConsumerCondition::stalled);
}

TEST_CASE("stopped is stalled with nobody in the group, and a stall of live members is not") {
  const auto condition = [](std::optional<kafka::GroupState> state) {
    return after_a_minute(
               state, [](int) { return 50; }, [](int i) { return 100 + i; })
        .condition;
  };
  CHECK(condition(kafka::GroupState::empty) == ConsumerCondition::stopped);
  CHECK(condition(kafka::GroupState::dead) == ConsumerCondition::stopped);
  CHECK(condition(kafka::GroupState::stable) == ConsumerCondition::stalled);
  CHECK(condition(kafka::GroupState::rebalancing) == ConsumerCondition::stalled);
  CHECK(condition(std::nullopt) == ConsumerCondition::stalled);
  const auto standing = after_a_minute(
      kafka::GroupState::empty, [](int) { return 50; }, [](int) { return 100; });
  CHECK(standing.remark == "plays/0: stopped, 50 events to read, and the group has no member");
  CHECK(standing.stalled_partitions == 1.0);
}

TEST_CASE("who commits without being a member reads, however empty the group is") {
  const auto slow = after_a_minute(
      kafka::GroupState::empty, [](int i) { return i; }, [](int i) { return 100 + 2 * i; });
  CHECK(slow.condition == ConsumerCondition::slow);
  Readings group;
  group.state = kafka::GroupState::empty;
  GroupStanding standing;
  for (int i = 0; i <= 60; ++i) standing = group.read({at(0, 5, 9), at(1, i, 100 + 2 * i)});
  CHECK(standing.condition == ConsumerCondition::stalled);
}

TEST_CASE("a group that was set back is rewound for a minute, whatever its lag does") {
  Readings group;
  group.state = kafka::GroupState::empty;
  for (int i = 0; i <= 60; ++i) group.read({at(0, 100, 100)});
  GroupStanding standing;
  for (int i = 0; i < 60; ++i) {
    standing = group.read({at(0, 10, 100)});
    CHECK(standing.condition == ConsumerCondition::rewound);
    CHECK(standing.remark == "plays/0: the group was set back");
  }
  CHECK(group.read({at(0, 10, 100)}).condition == ConsumerCondition::stopped);
}

TEST_CASE("nothing is judged before a minute has passed, nor where an offset is missing") {
  Readings group;
  CHECK(group.read({at(0, 5, 9)}).condition == ConsumerCondition::unknown);
  CHECK_FALSE(group.read({at(0, 5, 9)}).stalled_partitions);
  for (int i = 0; i <= 60; ++i) group.read({at(0, 5, 5), at(1, 7, 7)});
  CHECK(group.read({at(0, 5, 5), at(1, 7, 7)}).condition == ConsumerCondition::keeping_up);
  CHECK(group.read({at(0, 5, 5), at(1, std::nullopt, 7)}).condition == ConsumerCondition::unknown);
}

TEST_CASE("what retention has deleted is no lag, and is said") {
  Readings group;
  auto below = at(0, 10, 100);
  below.start = 40;
  const auto standing = group.read({below, at(1, 20, 20)});
  CHECK(standing.lag_events == 60.0);
  CHECK(standing.lost_events == 30.0);
  CHECK(standing.remark ==
        "plays/0: 30 events were deleted by retention before the group had read them");
  CHECK(group.read({at(0, 40, 100), at(1, 20, 20)}).lost_events == 0.0);
}

}  // namespace
}  // namespace homeostat::testing
