// SPDX-License-Identifier: Apache-2.0
#include "tests/support/kafka_client.hpp"

#include <librdkafka/rdkafka.h>

#include <array>
#include <stdexcept>
#include <utility>

#include "tests/support/eventually.hpp"

namespace homeostat::testing {
namespace {

constexpr int kPatientMs = 60'000;

template <auto Destroy>
struct Destroyer {
  template <class T>
  void operator()(T* object) const {
    Destroy(object);
  }
};
using Partitions = std::unique_ptr<rd_kafka_topic_partition_list_t,
                                   Destroyer<rd_kafka_topic_partition_list_destroy>>;
using Message = std::unique_ptr<rd_kafka_message_t, Destroyer<rd_kafka_message_destroy>>;
using Topic = std::unique_ptr<rd_kafka_topic_t, Destroyer<rd_kafka_topic_destroy>>;
using Queue = std::unique_ptr<rd_kafka_queue_t, Destroyer<rd_kafka_queue_destroy>>;
using Event = std::unique_ptr<rd_kafka_event_t, Destroyer<rd_kafka_event_destroy>>;
using NewTopic = std::unique_ptr<rd_kafka_NewTopic_t, Destroyer<rd_kafka_NewTopic_destroy>>;
using DeleteTopic =
    std::unique_ptr<rd_kafka_DeleteTopic_t, Destroyer<rd_kafka_DeleteTopic_destroy>>;

void require(rd_kafka_resp_err_t code, const std::string& what) {
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return;
  throw std::runtime_error("Kafka: " + what + ": " + rd_kafka_err2str(code));
}

void quiet(const rd_kafka_t* /*handle*/, int /*level*/, const char* /*facility*/,
           const char* /*text*/) {}

void count_undelivered(rd_kafka_t* /*handle*/, const rd_kafka_message_t* message, void* /*ours*/) {
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) ++*static_cast<int*>(message->_private);
}

rd_kafka_t* connect(rd_kafka_type_t type, const std::string& bootstrap, const std::string& group) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  std::array<char, 256> why{};
  const auto set = [&](const char* name, const std::string& value) {
    if (rd_kafka_conf_set(conf, name, value.c_str(), why.data(), why.size()) != RD_KAFKA_CONF_OK) {
      throw std::runtime_error(std::string{"librdkafka: "} + why.data());
    }
  };
  set("bootstrap.servers", bootstrap);
  set("reconnect.backoff.max.ms", "500");
  rd_kafka_conf_set_log_cb(conf, quiet);
  if (type == RD_KAFKA_PRODUCER) {
    set("linger.ms", "0");
    rd_kafka_conf_set_dr_msg_cb(conf, count_undelivered);
  } else {
    set("group.id", group);
    set("enable.auto.commit", "false");
    set("enable.partition.eof", "true");
  }
  rd_kafka_t* handle = rd_kafka_new(type, conf, why.data(), why.size());
  if (handle == nullptr) throw std::runtime_error(std::string{"librdkafka: "} + why.data());
  return handle;
}

// The answer to an admin request: the error of its one topic.
void require_done(rd_kafka_queue_t* queue, const std::string& what) {
  const Event event{rd_kafka_queue_poll(queue, kPatientMs)};
  if (!event) throw std::runtime_error("Kafka: " + what + ": no answer");
  require(rd_kafka_event_error(event.get()), what);
  std::size_t count = 0;
  const rd_kafka_topic_result_t** topics = nullptr;
  if (const auto* made = rd_kafka_event_CreateTopics_result(event.get())) {
    topics = rd_kafka_CreateTopics_result_topics(made, &count);
  } else if (const auto* gone = rd_kafka_event_DeleteTopics_result(event.get())) {
    topics = rd_kafka_DeleteTopics_result_topics(gone, &count);
  }
  for (std::size_t i = 0; i < count; ++i) {
    require(rd_kafka_topic_result_error(topics[i]), what);
  }
}

}  // namespace

void KafkaClient::Closer::operator()(rd_kafka_s* handle) const { rd_kafka_destroy(handle); }

KafkaClient::KafkaClient(std::string bootstrap)
    : bootstrap_{std::move(bootstrap)}, producer_{connect(RD_KAFKA_PRODUCER, bootstrap_, {})} {}

KafkaClient::Handle KafkaClient::consumer(const std::string& group) const {
  return Handle{connect(RD_KAFKA_CONSUMER, bootstrap_, group)};
}

bool KafkaClient::broker_answers() const {
  const struct rd_kafka_metadata* metadata = nullptr;
  if (rd_kafka_metadata(producer_.get(), 1, nullptr, &metadata, 1000) !=
      RD_KAFKA_RESP_ERR_NO_ERROR) {
    return false;
  }
  const bool known = metadata->broker_cnt > 0;
  rd_kafka_metadata_destroy(metadata);
  return known;
}

void KafkaClient::create_topic(const std::string& topic, int partitions) {
  std::array<char, 256> why{};
  const NewTopic wanted{
      rd_kafka_NewTopic_new(topic.c_str(), partitions, 1, why.data(), why.size())};
  if (!wanted) throw std::runtime_error(why.data());
  const Queue queue{rd_kafka_queue_new(producer_.get())};
  rd_kafka_NewTopic_t* topics[] = {wanted.get()};
  rd_kafka_CreateTopics(producer_.get(), topics, 1, nullptr, queue.get());
  require_done(queue.get(), "create " + topic);
}

void KafkaClient::delete_topic(const std::string& topic) {
  const DeleteTopic wanted{rd_kafka_DeleteTopic_new(topic.c_str())};
  const Queue queue{rd_kafka_queue_new(producer_.get())};
  rd_kafka_DeleteTopic_t* topics[] = {wanted.get()};
  rd_kafka_DeleteTopics(producer_.get(), topics, 1, nullptr, queue.get());
  require_done(queue.get(), "delete " + topic);
}

void KafkaClient::produce(const std::string& topic, int partition,
                          const std::vector<std::string>& values) {
  int undelivered = 0;
  const Topic to{rd_kafka_topic_new(producer_.get(), topic.c_str(), nullptr)};
  if (!to) require(rd_kafka_last_error(), "produce to " + topic);
  for (const auto& value : values) {
    auto copy = value;
    if (rd_kafka_produce(to.get(), partition, RD_KAFKA_MSG_F_COPY, copy.data(), copy.size(),
                         nullptr, 0, &undelivered) != 0) {
      require(rd_kafka_last_error(), "produce to " + topic);
    }
  }
  require(rd_kafka_flush(producer_.get(), kPatientMs), "flush " + topic);
  if (undelivered > 0) throw std::runtime_error("Kafka: events to " + topic + " were lost");
}

void KafkaClient::produce(const std::string& topic, int partition, int count) {
  produce(topic, partition, std::vector<std::string>(static_cast<std::size_t>(count), "event"));
}

void KafkaClient::produce_with_clock(const std::string& topic, int partition, int count,
                                     std::chrono::milliseconds off) {
  int undelivered = 0;
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  std::string value = "event";
  std::array<rd_kafka_vu_t, 6> event{};
  event[0].vtype = RD_KAFKA_VTYPE_TOPIC;
  event[0].u.cstr = topic.c_str();
  event[1].vtype = RD_KAFKA_VTYPE_PARTITION;
  event[1].u.i32 = partition;
  event[2].vtype = RD_KAFKA_VTYPE_VALUE;
  event[2].u.mem = {value.data(), value.size()};
  event[3].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  event[3].u.i = RD_KAFKA_MSG_F_COPY;
  event[4].vtype = RD_KAFKA_VTYPE_TIMESTAMP;
  event[4].u.i64 = (now + off).count();
  event[5].vtype = RD_KAFKA_VTYPE_OPAQUE;
  event[5].u.ptr = &undelivered;
  for (int i = 0; i < count; ++i) {
    if (rd_kafka_error_t* error = rd_kafka_produceva(producer_.get(), event.data(), event.size())) {
      const auto code = rd_kafka_error_code(error);
      rd_kafka_error_destroy(error);
      require(code, "produce to " + topic);
    }
  }
  require(rd_kafka_flush(producer_.get(), kPatientMs), "flush " + topic);
  if (undelivered > 0) throw std::runtime_error("Kafka: events to " + topic + " were lost");
}

void KafkaClient::produce_keyed(const std::string& topic, const std::string& key,
                                const std::optional<std::string>& value) {
  int undelivered = 0;
  const Topic to{rd_kafka_topic_new(producer_.get(), topic.c_str(), nullptr)};
  if (!to) require(rd_kafka_last_error(), "produce to " + topic);
  auto copy = value.value_or("");
  if (rd_kafka_produce(to.get(), 0, RD_KAFKA_MSG_F_COPY, value ? copy.data() : nullptr, copy.size(),
                       key.data(), key.size(), &undelivered) != 0) {
    require(rd_kafka_last_error(), "produce to " + topic);
  }
  require(rd_kafka_flush(producer_.get(), kPatientMs), "flush " + topic);
  if (undelivered > 0) throw std::runtime_error("Kafka: an event to " + topic + " was lost");
}

std::vector<std::string> KafkaClient::read_all(const std::string& topic, int partition,
                                               std::int64_t offset) const {
  const auto handle = consumer("reads-without-a-group");
  const Partitions wanted{rd_kafka_topic_partition_list_new(1)};
  rd_kafka_topic_partition_list_add(wanted.get(), topic.c_str(), partition)->offset = offset;
  require(rd_kafka_assign(handle.get(), wanted.get()), "assign " + topic);
  std::vector<std::string> values;
  bool at_end = false;
  const auto finished = [&] {
    const Message message{rd_kafka_consumer_poll(handle.get(), 100)};
    if (!message) return false;
    at_end = message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      values.emplace_back(static_cast<const char*>(message->payload), message->len);
    }
    return at_end;
  };
  if (!eventually(finished)) throw std::runtime_error("Kafka: " + topic + " has no end");
  return values;
}

void KafkaClient::commit(const std::string& group, const std::string& topic, int partition,
                         std::int64_t offset) const {
  const auto handle = consumer(group);
  const Partitions wanted{rd_kafka_topic_partition_list_new(1)};
  auto* element = rd_kafka_topic_partition_list_add(wanted.get(), topic.c_str(), partition);
  element->offset = offset;
  require(rd_kafka_commit(handle.get(), wanted.get(), 0), "commit of " + group);
  require(element->err, "commit of " + group);
}

std::optional<std::int64_t> KafkaClient::committed(const std::string& group,
                                                   const std::string& topic, int partition) const {
  const auto handle = consumer(group);
  const Partitions asked{rd_kafka_topic_partition_list_new(1)};
  auto* element = rd_kafka_topic_partition_list_add(asked.get(), topic.c_str(), partition);
  require(rd_kafka_committed(handle.get(), asked.get(), kPatientMs), "committed of " + group);
  require(element->err, "committed of " + group);
  if (element->offset == RD_KAFKA_OFFSET_INVALID) return std::nullopt;
  return element->offset;
}

}  // namespace homeostat::testing
