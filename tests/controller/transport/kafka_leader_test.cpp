// SPDX-License-Identifier: Apache-2.0
// A partition's leader moves: librdkafka's mock cluster, for that takes more than one broker.
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "controller/transport/kafka_group.hpp"
#include "tests/support/kafka_client.hpp"
#include "tests/support/kafka_mock.hpp"
#include "tests/support/run.hpp"

namespace homeostat::testing {
namespace {

using namespace std::chrono_literals;

TEST_CASE("a leader that has moved costs no reading") {
  MockKafka cluster{2};
  cluster.create_topic("plays", 1, 2);
  cluster.lead("plays", 0, 1);
  KafkaClient client{cluster.bootstrap()};
  client.produce("plays", 0, 3);
  client.commit("counts", "plays", 0, 1);
  boost::asio::io_context io;
  kafka::Group group{io.get_executor(), kafka::Address{cluster.bootstrap(), {}}, "counts"};
  for (const int leader : {1, 2, 1}) {
    cluster.lead("plays", 0, leader);
    const auto found = run_coroutine(io, group.read({{"plays", 0}}, 20s));
    if (!found.has_value()) FAIL(found.error().context);
    CHECK(found->partitions == std::vector<kafka::PartitionOffsets>{{{"plays", 0}, 1, 3}});
  }
}

}  // namespace
}  // namespace homeostat::testing
