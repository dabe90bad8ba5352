// SPDX-License-Identifier: Apache-2.0
// An application of Kafka, blocking librdkafka: who makes topics, events and commits in tests.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

struct rd_kafka_s;

namespace homeostat::testing {

/// Every member throws std::runtime_error when the broker says no, or nothing for a minute.
class KafkaClient {
 public:
  /// `bootstrap`: as KafkaBroker::bootstrap(). Connects when it is first used.
  explicit KafkaClient(std::string bootstrap);

  bool broker_answers() const;  ///< within a second

  void create_topic(const std::string& topic, int partitions);
  void delete_topic(const std::string& topic);

  /// Events with these values, in order; on return all of them are in the log.
  void produce(const std::string& topic, int partition, const std::vector<std::string>& values);
  void produce(const std::string& topic, int partition, int count);
  /// Events whose producer's clock is wrong by `off`.
  void produce_with_clock(const std::string& topic, int partition, int count,
                          std::chrono::milliseconds off);

  /// A record under a key in partition 0; without a value, a tombstone.
  void produce_keyed(const std::string& topic, const std::string& key,
                     const std::optional<std::string>& value);

  /// Values from `offset` to the end of a partition, without a group.
  std::vector<std::string> read_all(const std::string& topic, int partition,
                                    std::int64_t offset) const;

  /// Commits as a consumer of `group` would, which has no members.
  void commit(const std::string& group, const std::string& topic, int partition,
              std::int64_t offset) const;

  /// What `group` has committed in a partition; nothing when it never has.
  std::optional<std::int64_t> committed(const std::string& group, const std::string& topic,
                                        int partition) const;

 private:
  struct Closer {
    void operator()(rd_kafka_s* handle) const;
  };
  using Handle = std::unique_ptr<rd_kafka_s, Closer>;
  Handle consumer(const std::string& group) const;

  std::string bootstrap_;
  Handle producer_;
};

}  // namespace homeostat::testing
