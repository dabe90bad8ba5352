// SPDX-License-Identifier: Apache-2.0
#include "deploy/demo/pipeline/event_sender.hpp"

#include <array>
#include <memory>
#include <stdexcept>

namespace melodyud {
namespace {

constexpr std::array kRegions{"eu-west", "eu-south", "us-east", "sa-east"};

/// As in sql/melodyud/seed.sql.
std::string_view region_of(std::int64_t listener_id) {
  return kRegions[static_cast<std::size_t>(listener_id) % kRegions.size()];
}

struct NewTopicCloser {
  void operator()(rd_kafka_NewTopic_t* topic) const { rd_kafka_NewTopic_destroy(topic); }
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
  void operator()(rd_kafka_event_t* event) const { rd_kafka_event_destroy(event); }
};

}  // namespace

EventSender::EventSender(const KafkaProperties& properties, std::string topic)
    : topic_{std::move(topic)} {
  KafkaProperties all{{"enable.idempotence", "true"},
                      {"linger.ms", "5"},
                      {"queue.buffering.max.messages", "500000"},
                      // The same partition for a key as Java's producers choose.
                      {"partitioner", "murmur2_random"}};
  all.insert(all.end(), properties.begin(), properties.end());
  rd_kafka_conf_t* configuration = configure(all);
  rd_kafka_conf_set_dr_msg_cb(configuration, confirmed);
  rd_kafka_conf_set_opaque(configuration, this);
  handle_ = connect(RD_KAFKA_PRODUCER, configuration);
}

void EventSender::confirmed(rd_kafka_t* /*handle*/, const rd_kafka_message_t* message, void* self) {
  auto& sender = *static_cast<EventSender*>(self);
  ++(message->err == RD_KAFKA_RESP_ERR_NO_ERROR ? sender.delivered_ : sender.failed_);
}

void EventSender::create_topic(int partitions) {
  std::array<char, 256> why{};
  const std::unique_ptr<rd_kafka_NewTopic_t, NewTopicCloser> wanted{
      rd_kafka_NewTopic_new(topic_.c_str(), partitions, 1, why.data(), why.size())};
  if (!wanted) throw std::runtime_error(why.data());
  const std::unique_ptr<rd_kafka_queue_t, NewTopicCloser> queue{rd_kafka_queue_new(handle_.get())};
  rd_kafka_NewTopic_t* topics[] = {wanted.get()};
  rd_kafka_CreateTopics(handle_.get(), topics, 1, nullptr, queue.get());
  const std::unique_ptr<rd_kafka_event_t, NewTopicCloser> answer{
      rd_kafka_queue_poll(queue.get(), 30'000)};
  const auto* result = answer ? rd_kafka_event_CreateTopics_result(answer.get()) : nullptr;
  std::size_t count = 0;
  const auto* results =
      result == nullptr ? nullptr : rd_kafka_CreateTopics_result_topics(result, &count);
  if (count == 0) throw std::runtime_error("Kafka does not answer");
  const auto error = rd_kafka_topic_result_error(results[0]);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR && error != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
    throw std::runtime_error(topic_ + ": " + rd_kafka_err2str(error));
  }
}

void EventSender::send(const Event& event) {
  const auto key = std::to_string(event.track_id);
  auto value = encode(event);
  const auto region = region_of(event.listener_id);
  std::array<rd_kafka_vu_t, 5> message{};
  message[0].vtype = RD_KAFKA_VTYPE_TOPIC;
  message[0].u.cstr = topic_.c_str();
  message[1].vtype = RD_KAFKA_VTYPE_KEY;
  message[1].u.mem = {const_cast<char*>(key.data()), key.size()};
  message[2].vtype = RD_KAFKA_VTYPE_VALUE;
  message[2].u.mem = {value.data(), value.size()};
  message[3].vtype = RD_KAFKA_VTYPE_HEADER;
  message[3].u.header = {"region", region.data(), static_cast<ssize_t>(region.size())};
  message[4].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  message[4].u.i = RD_KAFKA_MSG_F_COPY;
  while (
      const KafkaError error{rd_kafka_produceva(handle_.get(), message.data(), message.size())}) {
    if (rd_kafka_error_code(error.get()) != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      throw std::runtime_error(topic_ + ": " + rd_kafka_error_string(error.get()));
    }
    rd_kafka_poll(handle_.get(), 10);
  }
}

}  // namespace melodyud
