// SPDX-License-Identifier: Apache-2.0
// The producer's end of the topic. Idempotent: librdkafka's own retries neither double nor reorder.
#pragma once

#include <cstdint>
#include <string>

#include "deploy/demo/pipeline/event.hpp"
#include "deploy/demo/pipeline/kafka_handle.hpp"

namespace melodyud {

class EventSender {
 public:
  /// Throws as connect() does.
  EventSender(const KafkaProperties& properties, std::string topic);

  /// Makes the topic where it does not exist. Throws std::runtime_error.
  void create_topic(int partitions);

  /// Hands the event over; waits while librdkafka's queue is full. Throws std::runtime_error.
  void send(const Event& event);

  /// Takes in what the broker has confirmed; does not wait.
  void poll() { rd_kafka_poll(handle_.get(), 0); }

  /// Waits until everything is confirmed, for half a minute.
  void flush() { rd_kafka_flush(handle_.get(), 30'000); }

  std::int64_t delivered() const { return delivered_; }
  std::int64_t failed() const { return failed_; }

 private:
  static void confirmed(rd_kafka_t* handle, const rd_kafka_message_t* message, void* self);

  std::string topic_;
  std::int64_t delivered_ = 0;
  std::int64_t failed_ = 0;
  KafkaHandle handle_;
};

}  // namespace melodyud
