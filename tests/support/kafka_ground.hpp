// SPDX-License-Identifier: Apache-2.0
// A broker for tests that need topics, messages, groups and offsets, and nothing else of it: the
// real one, or librdkafka's mock cluster where that cannot be started.
#pragma once

#include <optional>
#include <string>

#include "tests/support/kafka_broker.hpp"
#include "tests/support/kafka_mock.hpp"

namespace homeostat::testing {

class KafkaGround {
 public:
  /// The settings are the real broker's. Says on standard output when it is a mock cluster.
  explicit KafkaGround(BrokerSettings settings = {});

  std::string bootstrap() const { return mock_ ? mock_->bootstrap() : broker_->bootstrap(); }
  void create_topic(const std::string& topic, int partitions);

 private:
  std::optional<KafkaBroker> broker_;
  std::optional<MockKafka> mock_;
};

}  // namespace homeostat::testing
