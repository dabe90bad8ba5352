// SPDX-License-Identifier: Apache-2.0
// Owners of what librdkafka hands out, and its configuration.
#pragma once

#include <librdkafka/rdkafka.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace melodyud {

struct KafkaCloser {
  /// Consumers live until the process ends: where a topic that one has read was deleted,
  /// rd_kafka_destroy() of librdkafka 2.0.2 never returns.
  void operator()(rd_kafka_t* handle) const {
    if (rd_kafka_type(handle) == RD_KAFKA_PRODUCER) rd_kafka_destroy(handle);
  }
  void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
  void operator()(rd_kafka_topic_partition_list_t* list) const {
    rd_kafka_topic_partition_list_destroy(list);
  }
  void operator()(rd_kafka_error_t* error) const { rd_kafka_error_destroy(error); }
};
using KafkaHandle = std::unique_ptr<rd_kafka_t, KafkaCloser>;
using KafkaMessage = std::unique_ptr<rd_kafka_message_t, KafkaCloser>;
using KafkaError = std::unique_ptr<rd_kafka_error_t, KafkaCloser>;
using PartitionList = std::unique_ptr<rd_kafka_topic_partition_list_t, KafkaCloser>;

/// librdkafka's properties by name, in order; a later one wins.
using KafkaProperties = std::vector<std::pair<std::string, std::string>>;

/// NAME=VALUE, as on the command line. Throws std::invalid_argument.
KafkaProperties parse_properties(const std::vector<std::string>& assignments);

/// Throws std::invalid_argument for a property or value that librdkafka does not know. The caller
/// owns the configuration until rd_kafka_new has taken it (connect()).
rd_kafka_conf_t* configure(const KafkaProperties& properties);

/// Takes over the configuration. Throws std::runtime_error.
KafkaHandle connect(rd_kafka_type_t type, rd_kafka_conf_t* configuration);

}  // namespace melodyud
