// SPDX-License-Identifier: Apache-2.0
// How a consumer group gets on over all its partitions. Pure, as PartitionProgress.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "controller/transport/kafka_group.hpp"
#include "policies/model/sample.hpp"
#include "probes/partition_progress.hpp"

namespace homeostat {

/// What one reading says about a group. Whole or nothing: a sum over some of the partitions would
/// look like a smaller lag.
struct GroupStanding {
  std::optional<double> lag_events;
  std::optional<double> lag_seconds;  ///< of the partition that is furthest behind
  std::optional<double> arrival_events_per_second;
  std::optional<double> consumed_events_per_second;
  AbsentReason why_absent = AbsentReason::never_sampled;  ///< of those that are nothing
  /// For people, empty when all is well: what broke the line, or the partition that does worst.
  std::string remark;
};

class GroupProgress {
 public:
  explicit GroupProgress(ProgressWindows windows) : windows_{windows} {}

  /// One more reading; `taken` never goes back. Another cluster than the last one breaks the line.
  GroupStanding add(const kafka::GroupOffsets& offsets, TimePoint taken);

 private:
  GroupStanding sum() const;
  std::string worst() const;

  ProgressWindows windows_;
  std::string cluster_;
  std::map<kafka::TopicPartition, PartitionProgress> partitions_;
};

}  // namespace homeostat
