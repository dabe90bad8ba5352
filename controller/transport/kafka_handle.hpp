// SPDX-License-Identifier: Apache-2.0
// librdkafka's objects, owned. Internal to what speaks Kafka.
#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <memory>

namespace homeostat::kafka {

/// Of a topic that is read by key: all that is said of one is in one order then.
inline constexpr std::int32_t kOnlyPartition = 0;

/// Frees what librdkafka has made.
struct Free {
  // Without the flag, a consumer waits for its coordinator; ours joins no group.
  void operator()(rd_kafka_t* client) const {
    rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
  }
  void operator()(rd_kafka_conf_t* settings) const { rd_kafka_conf_destroy(settings); }
  void operator()(rd_kafka_topic_t* topic) const { rd_kafka_topic_destroy(topic); }
  void operator()(rd_kafka_topic_partition_list_t* list) const {
    rd_kafka_topic_partition_list_destroy(list);
  }
  void operator()(const struct rd_kafka_metadata* metadata) const {
    rd_kafka_metadata_destroy(metadata);
  }
  void operator()(rd_kafka_AdminOptions_t* options) const {
    rd_kafka_AdminOptions_destroy(options);
  }
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
  void operator()(rd_kafka_event_t* event) const { rd_kafka_event_destroy(event); }
  void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
  void operator()(rd_kafka_NewTopic_t* topic) const { rd_kafka_NewTopic_destroy(topic); }
};

using Client = std::unique_ptr<rd_kafka_t, Free>;
using ClientSettings = std::unique_ptr<rd_kafka_conf_t, Free>;
using Topic = std::unique_ptr<rd_kafka_topic_t, Free>;
using PartitionList = std::unique_ptr<rd_kafka_topic_partition_list_t, Free>;
using Metadata = std::unique_ptr<const struct rd_kafka_metadata, Free>;
using AdminOptions = std::unique_ptr<rd_kafka_AdminOptions_t, Free>;
using Queue = std::unique_ptr<rd_kafka_queue_t, Free>;
using Event = std::unique_ptr<rd_kafka_event_t, Free>;
using Message = std::unique_ptr<rd_kafka_message_t, Free>;
using NewTopic = std::unique_ptr<rd_kafka_NewTopic_t, Free>;

}  // namespace homeostat::kafka
