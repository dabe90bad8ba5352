// SPDX-License-Identifier: Apache-2.0
// The broker that other tests stand on.
#include "tests/support/kafka_broker.hpp"

#include <catch2/catch.hpp>

#include "tests/support/kafka_client.hpp"

namespace homeostat::testing {
namespace {

TEST_CASE("an event goes through a real broker, and outlives kill -9 of it") {
  if (skipped_without_kafka()) return;
  KafkaBroker broker;
  KafkaClient client{broker.bootstrap()};
  client.create_topic("plays", 2);
  client.produce("plays", 1, {"first", "second"});
  CHECK(client.read_all("plays", 1, 0) == std::vector<std::string>{"first", "second"});
  CHECK(client.read_all("plays", 0, 0).empty());

  broker.kill_server();
  CHECK(broker.pid() == 0);
  CHECK_FALSE(client.broker_answers());
  broker.start();
  CHECK(client.read_all("plays", 1, 1) == std::vector<std::string>{"second"});
}

TEST_CASE("a frozen broker does not answer, a thawed one does, a stopped one is gone") {
  if (skipped_without_kafka()) return;
  KafkaBroker broker;
  KafkaClient client{broker.bootstrap()};
  REQUIRE(client.broker_answers());
  broker.freeze();
  CHECK_FALSE(client.broker_answers());
  broker.thaw();
  client.create_topic("plays", 1);
  broker.stop();
  CHECK(broker.pid() == 0);
}

}  // namespace
}  // namespace homeostat::testing
