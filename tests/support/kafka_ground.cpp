// SPDX-License-Identifier: Apache-2.0
#include "tests/support/kafka_ground.hpp"

#include <cstdio>
#include <utility>

#include "tests/support/kafka_client.hpp"

namespace homeostat::testing {

KafkaGround::KafkaGround(BrokerSettings settings) {
  if (const auto missing = kafka_missing()) {
    std::puts(("librdkafka's mock cluster, no real broker: " + *missing).c_str());
    mock_.emplace();
  } else {
    broker_.emplace(std::move(settings));
  }
}

void KafkaGround::create_topic(const std::string& topic, int partitions) {
  if (mock_) {
    mock_->create_topic(topic, partitions);
  } else {
    KafkaClient{bootstrap()}.create_topic(topic, partitions);
  }
}

}  // namespace homeostat::testing
