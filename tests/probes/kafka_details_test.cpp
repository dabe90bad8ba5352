// SPDX-License-Identifier: Apache-2.0
#include "probes/kafka_details.hpp"

#include <catch2/catch.hpp>

namespace homeostat::testing {
namespace {

using namespace std::chrono_literals;

kafka::PartitionOffsets in(const char* topic, int partition, std::int64_t committed,
                           std::int64_t end) {
  kafka::PartitionOffsets offsets;
  offsets.of = {topic, partition};
  offsets.committed = committed;
  offsets.end = end;
  return offsets;
}

/// By name and labels: `kafka_topic_lag_events topic=plays`.
std::map<std::string, double> details(const GroupProgress& progress, bool partitions) {
  std::map<std::string, double> all;
  const auto found =
      details_of({SubjectKind::group, "counts"}, ConsumerCondition::slow, progress, partitions);
  for (const auto& detail : found) {
    std::string series = detail.name;
    for (const auto& [label, value] : detail.labels) series += " " + label + "=" + value;
    all[series] = detail.value;
  }
  return all;
}

struct Fixture {
  Fixture() {
    progress.add({"a", {in("ads", 0, 5, 5), in("plays", 0, 0, 10), in("plays", 1, 0, 20)}},
                 TimePoint{1s});
    progress.add({"a", {in("ads", 0, 5, 5), in("plays", 0, 4, 10), in("plays", 1, 8, 30)}},
                 TimePoint{2s});
  }
  GroupProgress progress{ProgressWindows{}};
};

TEST_CASE_METHOD(Fixture, "each topic has its own totals, and one condition holds") {
  const auto all = details(progress, false);
  CHECK(all.at("kafka_topic_lag_events topic=ads") == 0);
  CHECK(all.at("kafka_topic_lag_events topic=plays") == 28);
  CHECK(all.at("kafka_topic_arrival_events_per_second topic=plays") == 10);
  CHECK(all.at("kafka_topic_consumed_events_per_second topic=plays") == 12);
  CHECK(all.at("kafka_consumer_condition condition=slow") == 1);
  CHECK(all.at("kafka_consumer_condition condition=stalled") == 0);
  CHECK(all.size() == 7 + 2 * 3);
}

TEST_CASE_METHOD(Fixture, "partitions have series of their own only when that is asked for") {
  const auto all = details(progress, true);
  CHECK(all.size() == 7 + 2 * 3 + 3 * 3);
  CHECK(all.at("kafka_partition_lag_events partition=1 topic=plays") == 22);
  CHECK(all.at("kafka_partition_committed_offset partition=1 topic=plays") == 8);
  CHECK(all.at("kafka_partition_end_offset partition=1 topic=plays") == 30);
}

TEST_CASE_METHOD(Fixture, "what is unknown of a topic is left out, not 0 (H7)") {
  progress.add({"a", {in("ads", 0, 5, 5), in("plays", 0, 1, 10), in("plays", 1, 8, 30)}},
               TimePoint{3s});
  const auto all = details(progress, false);
  CHECK(all.count("kafka_topic_lag_events topic=plays") == 0);
  CHECK(all.at("kafka_topic_lag_events topic=ads") == 0);
}

}  // namespace
}  // namespace homeostat::testing
