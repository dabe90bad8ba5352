// SPDX-License-Identifier: Apache-2.0
// How far one Kafka consumer group is behind, and how fast events arrive and are read. Reads
// offsets from outside: never joins the group, never commits, never decides.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/ports/probe.hpp"
#include "controller/transport/kafka_group.hpp"
#include "probes/group_progress.hpp"
#include "probes/kafka_batches.hpp"

namespace homeostat {

struct KafkaLagOptions {
  std::string group;  ///< the subject is group/NAME
  kafka::Address address;
  ProgressWindows windows = {};
  /// How often it is asked anew which topics the group consumes, and how many partitions they have.
  Duration discover_every = std::chrono::seconds{30};
  /// How often the group's state is asked, and where its logs begin.
  Duration thorough_every = std::chrono::seconds{10};
  bool partition_metrics = false;  ///< Details of each partition, too
  /// What consumers report of their batches; null: nobody asks for it.
  std::shared_ptr<const BatchReports> reports = {};
};

/// Samples about group/NAME, over all partitions of the topics in which the group has committed:
///   kafka_consumer_lag_events          events written and not committed as read, and still there
///   kafka_consumer_lag_seconds         since the group was level with the log, in the partition
///                                      that is furthest behind; 0: it is level everywhere
///   kafka_arrival_events_per_second    events written, over 5 s; after a steep rise (ArrivalRise)
///                                      since the last reading but one
///   kafka_consumed_events_per_second   events committed as read, over 60 s
///   kafka_consumer_stalled_partitions  with events to read, and nothing committed over 60 s
///   kafka_consumer_lost_events         deleted by retention before the group, which still stands
///                                      before them, has read them
///   kafka_group_stable                 1: the group has members, each with its partitions;
///                                      0: rebalancing, empty or dead
///   kafka_efficient_batch_events       with options.reports: what a batch should hold (BatchCost)
/// By offsets and our own clock alone: a producer whose clock is wrong changes nothing.
///
/// A sum over all partitions or none: absent, never 0, for the reading after which the group was
/// set back, a topic was made anew or another cluster answers (identity_changed), and as long as a
/// partition with events has no committed offset (partial). Rates are absent (never_sampled) at the
/// first reading, stalled partitions until 60 s have passed, the efficient batch as long as reports
/// do not tell it.
///
/// The Note `consumer` begins with the group's ConsumerCondition and says why, and which partition
/// is stalled or slow; the Note `batches` what a batch costs. Details: kafka_consumer_condition (1
/// for the one that holds), kafka_topic_lag_events, kafka_topic_arrival_events_per_second,
/// kafka_topic_consumed_events_per_second by topic; with options.partition_metrics
/// kafka_partition_lag_events, kafka_partition_committed_offset, kafka_partition_end_offset.
///
/// Errors: those of kafka::Group; a group that has committed nothing, and a topic that was deleted,
/// are `not_found`.
class KafkaLag : public Probe {
 public:
  KafkaLag(boost::asio::any_io_executor executor, KafkaLagOptions options);

  std::string_view name() const override { return "kafka"; }
  Subject subject() const override { return subject_; }
  std::vector<SignalName> signals() const override;
  [[nodiscard]] boost::asio::awaitable<Result<Reading>> sample(TimePoint now,
                                                               Duration deadline) override;

 private:
  Reading reading_of(const kafka::GroupOffsets& offsets, TimePoint now);
  void add_efficient_batch(const GroupStanding& standing, TimePoint now, Reading& reading) const;

  KafkaLagOptions options_;
  Subject subject_;
  kafka::Group group_;
  GroupProgress progress_;
  std::vector<kafka::TopicPartition> consumed_;  ///< empty: to be asked
  std::optional<TimePoint> discovered_;
  std::optional<TimePoint> thorough_;
  std::optional<kafka::GroupState> state_;  ///< as of then
};

}  // namespace homeostat
