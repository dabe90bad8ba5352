// SPDX-License-Identifier: Apache-2.0
#include "tests/support/kafka_mock.hpp"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <array>
#include <stdexcept>

namespace homeostat::testing {
namespace {

kafka::Client make_owner() {
  std::array<char, 256> why{};
  kafka::Client made{rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), why.data(), why.size())};
  if (!made) throw std::runtime_error(why.data());
  return made;
}

void mock_must(rd_kafka_resp_err_t error, const std::string& what) {
  if (error) throw std::runtime_error(what + ": " + rd_kafka_err2str(error));
}

}  // namespace

MockKafka::MockKafka(int brokers)
    : owner_{make_owner()}, cluster_{rd_kafka_mock_cluster_new(owner_.get(), brokers)} {}

MockKafka::~MockKafka() { rd_kafka_mock_cluster_destroy(cluster_); }

std::string MockKafka::bootstrap() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }

void MockKafka::create_topic(const std::string& topic, int partitions, int replicas) {
  mock_must(rd_kafka_mock_topic_create(cluster_, topic.c_str(), partitions, replicas), topic);
}

void MockKafka::lead(const std::string& topic, int partition, int broker) {
  mock_must(rd_kafka_mock_partition_set_leader(cluster_, topic.c_str(), partition, broker), topic);
}

}  // namespace homeostat::testing
