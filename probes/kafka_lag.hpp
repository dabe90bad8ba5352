// SPDX-License-Identifier: Apache-2.0
// How far one Kafka consumer group is behind, and how fast events arrive and are read. Reads
// offsets from outside: never joins the group, never commits, never decides.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <optional>
#include <string>
#include <vector>

#include "controller/ports/probe.hpp"
#include "controller/transport/kafka_group.hpp"
#include "probes/group_progress.hpp"

namespace homeostat {

struct KafkaLagOptions {
  std::string group;  ///< the subject is group/NAME
  kafka::Address address;
  ProgressWindows windows = {};
  /// How often it is asked anew which topics the group consumes, and how many partitions they have.
  Duration discover_every = std::chrono::seconds{30};
};

/// Samples about group/NAME, over all partitions of the topics in which the group has committed:
///   kafka_consumer_lag_events          events written and not committed as read
///   kafka_consumer_lag_seconds         since the group was level with the log, in the partition
///   that
///                                      is furthest behind; 0: it is level everywhere
///   kafka_arrival_events_per_second    events written, over 5 s
///   kafka_consumed_events_per_second   events committed as read, over 60 s
/// By offsets and our own clock alone: a producer whose clock is wrong changes nothing.
///
/// A sum over all partitions or none: absent, never 0, for the reading after which the group was
/// set back, a topic was made anew or another cluster answers (identity_changed), and as long as a
/// partition with events has no committed offset (partial). Rates are absent (never_sampled) at the
/// first reading. The Note `consumer` says why, and names the partition that is stalled or slow
/// over 60 s. Errors: those of kafka::Group; a group that has committed nothing, and a topic that
/// was deleted, are `not_found`.
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

  KafkaLagOptions options_;
  Subject subject_;
  kafka::Group group_;
  GroupProgress progress_;
  std::vector<kafka::TopicPartition> consumed_;  ///< empty: to be asked
  std::optional<TimePoint> discovered_;
};

}  // namespace homeostat
