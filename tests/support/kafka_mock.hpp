// SPDX-License-Identifier: Apache-2.0
// Kafka brokers inside the test: librdkafka's mock cluster. It knows topics, messages, groups and
// offsets; no other thing that an administrator does, no login, no retention.
#pragma once

#include <string>

#include "controller/transport/kafka_handle.hpp"

struct rd_kafka_mock_cluster_s;

namespace homeostat::testing {

class MockKafka {
 public:
  explicit MockKafka(int brokers = 1);
  ~MockKafka();
  MockKafka(const MockKafka&) = delete;
  MockKafka& operator=(const MockKafka&) = delete;

  std::string bootstrap() const;
  void create_topic(const std::string& topic, int partitions, int replicas = 1);
  /// From now on this broker, counted from 1, leads the partition. REQUIRES: it has a replica.
  void lead(const std::string& topic, int partition, int broker);

 private:
  kafka::Client owner_;
  rd_kafka_mock_cluster_s* cluster_;
};

}  // namespace homeostat::testing
