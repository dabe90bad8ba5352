// SPDX-License-Identifier: Apache-2.0
#include "probes/kafka_details.hpp"

#include <optional>
#include <string>
#include <utility>

namespace homeostat {
namespace {

using Labels = std::map<std::string, std::string>;

/// Leaves out what is unknown.
class Details {
 public:
  explicit Details(const Subject& subject) : subject_{subject} {}
  void add(const char* name, const Labels& labels, std::optional<double> value) {
    if (value) all_.push_back({subject_, name, labels, *value});
  }
  std::vector<Detail> all() && { return std::move(all_); }

 private:
  Subject subject_;
  std::vector<Detail> all_;
};

std::optional<double> in_events(std::optional<std::int64_t> events) {
  return events ? std::optional<double>{static_cast<double>(*events)} : std::nullopt;
}

}  // namespace

std::vector<Detail> details_of(const Subject& group, ConsumerCondition condition,
                               const GroupProgress& progress, bool partitions) {
  Details details{group};
  for (const auto one : kConsumerConditions) {
    details.add("kafka_consumer_condition", {{"condition", std::string{to_text(one)}}},
                one == condition ? 1 : 0);
  }
  for (const auto& [topic, standing] : progress.topics()) {
    const Labels labels{{"topic", topic}};
    details.add("kafka_topic_lag_events", labels, standing.lag_events);
    details.add("kafka_topic_arrival_events_per_second", labels,
                standing.arrival_events_per_second);
    details.add("kafka_topic_consumed_events_per_second", labels,
                standing.consumed_events_per_second);
  }
  if (!partitions) return std::move(details).all();
  for (const auto& [of, partition] : progress.partitions()) {
    const Labels labels{{"topic", of.topic}, {"partition", std::to_string(of.partition)}};
    details.add("kafka_partition_lag_events", labels, in_events(partition.lag()));
    details.add("kafka_partition_committed_offset", labels, in_events(partition.committed()));
    details.add("kafka_partition_end_offset", labels, in_events(partition.end()));
  }
  return std::move(details).all();
}

}  // namespace homeostat
