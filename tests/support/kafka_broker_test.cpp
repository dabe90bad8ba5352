// SPDX-License-Identifier: Apache-2.0
// The broker that other tests stand on.
#include "tests/support/kafka_broker.hpp"

#include <catch2/catch.hpp>

#include "tests/support/eventually.hpp"
#include "tests/support/kafka_client.hpp"

namespace homeostat::testing {
namespace {

TEST_CASE("an event goes through a real broker, which freezes, thaws, dies and comes back") {
  if (skipped_without_kafka()) return;
  KafkaBroker broker;
  KafkaClient client{broker.bootstrap()};
  client.create_topic("plays", 2);
  client.produce("plays", 1, {"first", "second"});
  CHECK(client.read_all("plays", 1, 0) == std::vector<std::string>{"first", "second"});
  CHECK(client.read_all("plays", 0, 0).empty());

  broker.freeze();
  CHECK_FALSE(client.broker_answers());
  broker.thaw();
  CHECK(eventually([&] { return client.broker_answers(); }));

  broker.kill_server();
  CHECK(broker.pid() == 0);
  CHECK_FALSE(client.broker_answers());
  broker.start();
  CHECK(client.read_all("plays", 1, 1) == std::vector<std::string>{"second"});
  broker.stop();
  CHECK(broker.pid() == 0);
}

}  // namespace
}  // namespace homeostat::testing
