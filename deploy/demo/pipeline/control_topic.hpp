// SPDX-License-Identifier: Apache-2.0
// Reads Homeostat's control topic: one partition, from its beginning, without joining a group. It
// need not exist (yet).
#pragma once

#include <string>

#include "deploy/demo/pipeline/kafka_handle.hpp"
#include "deploy/demo/pipeline/obeyed_window.hpp"

namespace melodyud {

class ControlTopic {
 public:
  /// `group`: our consumer group, the key of the messages that are for us. Throws as connect()
  /// does.
  ControlTopic(const KafkaProperties& properties, const std::string& topic, std::string group);

  /// Takes in what has come since; does not wait. Says on standard error what it ignores.
  void read_into(ObeyedWindow& window);

 private:
  void hear(const rd_kafka_message_t& message, ObeyedWindow& window) const;

  std::string group_;
  KafkaHandle handle_;
};

}  // namespace melodyud
