// SPDX-License-Identifier: Apache-2.0
// A partition's leader moves: librdkafka's mock cluster, for that takes more than one broker.
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <stdexcept>

#include "controller/transport/kafka_group.hpp"
#include "controller/transport/kafka_handle.hpp"
#include "tests/support/kafka_client.hpp"
#include "tests/support/run.hpp"

namespace homeostat::testing {
namespace {

using namespace std::chrono_literals;

/// Two brokers inside the test, with one topic of one partition.
class MockCluster {
 public:
  MockCluster() : owner_{make_owner()}, cluster_{rd_kafka_mock_cluster_new(owner_.get(), 2)} {
    rd_kafka_mock_topic_create(cluster_, "plays", 1, 2);
  }
  ~MockCluster() { rd_kafka_mock_cluster_destroy(cluster_); }
  MockCluster(const MockCluster&) = delete;
  MockCluster& operator=(const MockCluster&) = delete;

  std::string bootstrap() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }
  void lead(int broker) { rd_kafka_mock_partition_set_leader(cluster_, "plays", 0, broker); }

 private:
  static kafka::Client make_owner() {
    std::array<char, 256> why{};
    kafka::Client made{
        rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), why.data(), why.size())};
    if (!made) throw std::runtime_error(why.data());
    return made;
  }

  kafka::Client owner_;
  rd_kafka_mock_cluster_t* cluster_;
};

TEST_CASE("a leader that has moved costs no reading") {
  MockCluster cluster;
  cluster.lead(1);
  KafkaClient client{cluster.bootstrap()};
  client.produce("plays", 0, 3);
  client.commit("counts", "plays", 0, 1);
  boost::asio::io_context io;
  kafka::Group group{io.get_executor(), kafka::Address{cluster.bootstrap(), {}}, "counts"};
  for (const int leader : {1, 2, 1}) {
    cluster.lead(leader);
    const auto found = run_coroutine(io, group.read({{"plays", 0}}, 20s));
    if (!found.has_value()) FAIL(found.error().context);
    CHECK(found->partitions == std::vector<kafka::PartitionOffsets>{{{"plays", 0}, 1, 3}});
  }
}

}  // namespace
}  // namespace homeostat::testing
