// SPDX-License-Identifier: Apache-2.0
// How a consumer group gets on over all its partitions. Pure, as PartitionProgress.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>

#include "controller/transport/kafka_group.hpp"
#include "policies/model/sample.hpp"
#include "probes/arrival_rise.hpp"
#include "probes/partition_progress.hpp"

namespace homeostat {

/// What is wrong with a group, if anything, over the window `judged`: that of its worst partition.
enum class ConsumerCondition {
  unknown,      ///< not watched for so long, or a partition of which it cannot be told
  keeping_up,   ///< every partition was Pace::keeping_up
  catching_up,  ///< in some it never was, and is nearer to it than it was
  slow,         ///< in some it reads, and is no nearer to the end
  stalled,      ///< in some it has events to read, and committed nothing
  stopped,      ///< the same in all that have events to read, and the group has no member
  rewound,      ///< in some it was set back: its lag is somebody's will
};

/// All of them, in the order of the enumeration.
inline constexpr std::array kConsumerConditions{
    ConsumerCondition::unknown, ConsumerCondition::keeping_up, ConsumerCondition::catching_up,
    ConsumerCondition::slow,    ConsumerCondition::stalled,    ConsumerCondition::stopped,
    ConsumerCondition::rewound};

/// A sum over partitions; nothing where one of them is unknown.
struct Standing {
  std::optional<double> lag_events;
  std::optional<double> arrival_events_per_second;
  std::optional<double> consumed_events_per_second;
};

/// What one reading says about a group. Whole or nothing: a sum over some of the partitions would
/// look like a smaller lag.
struct GroupStanding : Standing {
  std::optional<double> lag_seconds;  ///< of the partition that is furthest behind
  std::optional<double> lost_events;  ///< that were deleted before they were read
  std::optional<double> stalled_partitions;
  AbsentReason why_absent = AbsentReason::never_sampled;  ///< of those that are nothing
  ConsumerCondition condition = ConsumerCondition::unknown;
  /// For people, empty when all is well: what broke the line, or the partition that does worst.
  std::string remark = {};
};

class GroupProgress {
 public:
  explicit GroupProgress(ProgressWindows windows) : windows_{windows} {}

  /// One more reading; `taken` never goes back. Another cluster than the last one breaks the line.
  GroupStanding add(const kafka::GroupOffsets& offsets, TimePoint taken);

  /// As of the newest reading, each topic by itself.
  std::map<std::string, Standing> topics() const;
  const std::map<kafka::TopicPartition, PartitionProgress>& partitions() const {
    return partitions_;
  }

 private:
  void follow_rise(TimePoint taken);
  GroupStanding sum() const;
  ConsumerCondition condition(std::optional<kafka::GroupState> state) const;
  std::string remark(ConsumerCondition condition) const;

  ProgressWindows windows_;
  std::string cluster_;
  std::map<kafka::TopicPartition, PartitionProgress> partitions_;
  ArrivalRise rise_;
  std::optional<double> arrival_;  ///< as of the last reading
};

std::string_view to_text(ConsumerCondition condition);

}  // namespace homeostat
