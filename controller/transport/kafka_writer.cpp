// SPDX-License-Identifier: Apache-2.0
#include "controller/transport/kafka_writer.hpp"

#include <array>
#include <chrono>
#include <utility>

#include "controller/transport/kafka_error.hpp"
#include "controller/transport/kafka_settings.hpp"

namespace homeostat::kafka {
namespace {

/// As the operator would make it: only the last record of a key is kept, and a new consumer need
/// not read a week of renewals, for segments are cleaned when they are rolled.
constexpr std::pair<const char*, const char*> kTopicSettings[] = {
    {"cleanup.policy", "compact"},
    {"segment.ms", "600000"},
    {"min.cleanable.dirty.ratio", "0.1"},
};

}  // namespace

TopicWriter::TopicWriter(Address address, std::string topic)
    : address_{std::move(address)}, name_{std::move(topic)} {}

// Called inside rd_kafka_poll() only, that is on the thread of our calls.
void TopicWriter::delivered(rd_kafka_t* /*client*/, const rd_kafka_message_t* message,
                            void* /*unused*/) {
  static_cast<TopicWriter*>(message->_private)->outcome_ = message->err;
}

Result<void> TopicWriter::open(const Until& until) {
  if (client_) return {};
  auto settings = writer_settings(address_, std::chrono::milliseconds{until.left_ms()});
  if (!settings.has_value()) return settings.error();
  lockout_.listen(settings->get());
  rd_kafka_conf_set_dr_msg_cb(settings->get(), delivered);
  std::array<char, 256> why{};
  client_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, settings->get(), why.data(), why.size()));
  if (!client_) return Error{ErrorCode::invalid_input, why.data()};
  settings->release();  // the client's from here on
  return {};
}

Error TopicWriter::given_up(rd_kafka_resp_err_t code, const std::string& what,
                            const std::string& operation) {
  auto error = lockout_.failed(client_.get(), code, what, operation);
  client_.reset();
  return error;
}

Result<void> TopicWriter::write(const std::string& key, const std::optional<std::string>& value,
                                const std::string& issuer, const Until& until) {
  if (auto opened = open(until); !opened.has_value()) return opened;
  const auto what = "writing to topic " + name_;
  outcome_.reset();
  // librdkafka copies it, whatever its C says; without a value it is a tombstone.
  void* const text = value ? const_cast<char*>(value->data()) : nullptr;
  const std::size_t size = value ? value->size() : 0;
  // An array: the macros of rd_kafka_producev() are GNU's C.
  std::array<rd_kafka_vu_t, 7> message{};
  message[0].vtype = RD_KAFKA_VTYPE_TOPIC;
  message[0].u.cstr = name_.c_str();
  message[1].vtype = RD_KAFKA_VTYPE_PARTITION;
  message[1].u.i32 = kOnlyPartition;
  message[2].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  message[2].u.i = RD_KAFKA_MSG_F_COPY;
  message[3].vtype = RD_KAFKA_VTYPE_KEY;
  message[3].u.mem = {const_cast<char*>(key.data()), key.size()};
  message[4].vtype = RD_KAFKA_VTYPE_VALUE;
  message[4].u.mem = {text, size};
  message[5].vtype = RD_KAFKA_VTYPE_HEADER;
  message[5].u.header = {"issuer", issuer.data(), static_cast<ssize_t>(issuer.size())};
  message[6].vtype = RD_KAFKA_VTYPE_OPAQUE;
  message[6].u.ptr = this;
  auto code = RD_KAFKA_RESP_ERR_NO_ERROR;
  if (auto* const error = rd_kafka_produceva(client_.get(), message.data(), message.size())) {
    code = rd_kafka_error_code(error);
    rd_kafka_error_destroy(error);
  }
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return given_up(code, what, "Write");
  while (!outcome_ && until.left_ms() > 0) rd_kafka_poll(client_.get(), until.left_ms());
  const auto outcome = outcome_.value_or(RD_KAFKA_RESP_ERR__MSG_TIMED_OUT);
  if (outcome != RD_KAFKA_RESP_ERR_NO_ERROR) return given_up(outcome, what, "Write");
  lockout_.forget(client_.get());
  return {};
}

Result<void> TopicWriter::make(const Until& until) {
  if (auto opened = open(until); !opened.has_value()) return opened;
  const auto what = "making topic " + name_;
  std::array<char, 256> why{};
  // Replicas: as many as the brokers' own default.
  const NewTopic wanted{rd_kafka_NewTopic_new(name_.c_str(), 1, -1, why.data(), why.size())};
  if (!wanted) return Error{ErrorCode::invalid_input, why.data()};
  for (const auto& [name, value] : kTopicSettings) {
    rd_kafka_NewTopic_set_config(wanted.get(), name, value);
  }
  const Queue queue{rd_kafka_queue_new(client_.get())};
  rd_kafka_NewTopic_t* topics[] = {wanted.get()};
  rd_kafka_CreateTopics(client_.get(), topics, 1, nullptr, queue.get());
  const Event event{rd_kafka_queue_poll(queue.get(), until.left_ms())};
  auto code = event ? rd_kafka_event_error(event.get()) : RD_KAFKA_RESP_ERR__TIMED_OUT;
  const auto* made = event ? rd_kafka_event_CreateTopics_result(event.get()) : nullptr;
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR && made != nullptr) {
    std::size_t count = 0;
    const auto* results = rd_kafka_CreateTopics_result_topics(made, &count);
    if (count == 1) code = rd_kafka_topic_result_error(results[0]);
  }
  if (code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) code = RD_KAFKA_RESP_ERR_NO_ERROR;
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return given_up(code, what, "Create");
  return {};
}

}  // namespace homeostat::kafka
