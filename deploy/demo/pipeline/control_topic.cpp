// SPDX-License-Identifier: Apache-2.0
#include "deploy/demo/pipeline/control_topic.hpp"

#include <iostream>
#include <stdexcept>

#include "deploy/demo/pipeline/clocks.hpp"

namespace melodyud {

ControlTopic::ControlTopic(const KafkaProperties& properties, const std::string& topic,
                           std::string group)
    : group_{std::move(group)} {
  auto all = properties;
  // librdkafka wants a group of every consumer; who assigns instead of subscribing never joins it.
  all.insert(all.end(), {{"group.id", group_},
                         {"enable.auto.commit", "false"},
                         {"auto.offset.reset", "earliest"},
                         // Once a second that there is no such topic is too often to say it.
                         {"log_level", "2"},
                         // How soon a topic that is made later is found.
                         {"topic.metadata.refresh.interval.ms", "1000"}});
  handle_ = connect(RD_KAFKA_CONSUMER, configure(all));
  const PartitionList wanted{rd_kafka_topic_partition_list_new(1)};
  rd_kafka_topic_partition_list_add(wanted.get(), topic.c_str(), 0)->offset =
      RD_KAFKA_OFFSET_BEGINNING;
  if (const auto error = rd_kafka_assign(handle_.get(), wanted.get())) {
    throw std::runtime_error(topic + ": " + rd_kafka_err2str(error));
  }
}

void ControlTopic::read_into(ObeyedWindow& window) {
  while (const KafkaMessage message{rd_kafka_consumer_poll(handle_.get(), 0)}) {
    // Errors (no topic yet, no broker) pass by themselves: until then we obey what we know.
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) hear(*message, window);
  }
}

void ControlTopic::hear(const rd_kafka_message_t& message, ObeyedWindow& window) const {
  const std::string_view key{static_cast<const char*>(message.key), message.key_len};
  if (key != group_) return;
  if (message.payload == nullptr) {
    window.withdraw();
    return;
  }
  const std::string_view value{static_cast<const char*>(message.payload), message.len};
  const auto heard = window.hear(value, unix_milliseconds());
  if (heard != ObeyedWindow::Heard::obeyed) {
    std::cerr << "control message at offset " << message.offset << " is ignored: " << name_of(heard)
              << '\n';
  }
}

}  // namespace melodyud
