// SPDX-License-Identifier: Apache-2.0
#include "controller/transport/kafka_reader.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "controller/transport/kafka_error.hpp"
#include "controller/transport/kafka_settings.hpp"

namespace homeostat::kafka {
namespace {

std::string header_of(const rd_kafka_message_t& message, const char* name) {
  rd_kafka_headers_t* headers = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR ||
      rd_kafka_header_get_last(headers, name, &value, &size) != RD_KAFKA_RESP_ERR_NO_ERROR ||
      value == nullptr) {
    return {};
  }
  return {static_cast<const char*>(value), size};
}

Result<Client> make_reader(const Address& address, Lockout& lockout) {
  auto settings = reader_settings(address);
  if (!settings.has_value()) return settings.error();
  lockout.listen(settings->get());
  std::array<char, 256> why{};
  Client client{rd_kafka_new(RD_KAFKA_CONSUMER, settings->get(), why.data(), why.size())};
  if (!client) return Error{ErrorCode::invalid_input, why.data()};
  settings->release();  // the client's from here on
  return client;
}

/// Stops before what it reads from goes.
struct Reading {
  ~Reading() {
    if (topic) rd_kafka_consume_stop(topic.get(), kOnlyPartition);
  }
  Client client;
  Topic topic;
};

}  // namespace

TopicReader::TopicReader(Address address, std::string topic)
    : address_{std::move(address)}, name_{std::move(topic)} {}

Result<void> TopicReader::open() {
  if (client_) return {};
  auto made = make_reader(address_, lockout_);
  if (!made.has_value()) return made.error();
  client_ = std::move(*made);
  topic_.reset(rd_kafka_topic_new(client_.get(), name_.c_str(), nullptr));
  if (topic_) return {};
  close();
  return Error{ErrorCode::invalid_input, "librdkafka refuses the topic " + name_};
}

void TopicReader::close() {
  topic_.reset();
  client_.reset();
}

void TopicReader::forget() {
  next_ = 0;
  records_.clear();
}

// Asked each time: it also finds a leader that has moved, and a topic that is gone.
Result<void> TopicReader::check_topic(const Until& until) {
  const struct rd_kafka_metadata* raw = nullptr;
  auto code = rd_kafka_metadata(client_.get(), 0, topic_.get(), &raw, until.left_ms());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return lockout_.failed(client_.get(), code, "topic " + name_);
  }
  const Metadata metadata{raw};
  const bool there = metadata->topic_cnt == 1;
  code = there ? metadata->topics[0].err : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return error_of(code, "topic " + name_);
  }
  const int partitions = metadata->topics[0].partition_cnt;
  if (partitions == 1) return {};
  return Error{ErrorCode::invalid_input, "topic " + name_ + " has " + std::to_string(partitions) +
                                             " partitions; expected 1, so that all that is said "
                                             "of a key is in one order"};
}

Result<std::int64_t> TopicReader::end_of_log(const Until& until) {
  PartitionList list{rd_kafka_topic_partition_list_new(1)};
  auto* one = rd_kafka_topic_partition_list_add(list.get(), name_.c_str(), kOnlyPartition);
  one->offset = RD_KAFKA_OFFSET_END;
  auto code = rd_kafka_offsets_for_times(client_.get(), list.get(), until.left_ms());
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) code = one->err;
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return lockout_.failed(client_.get(), code, "end of topic " + name_);
  }
  return one->offset;
}

void TopicReader::take(const rd_kafka_message_t& message) {
  KeyedRecord record;
  record.offset = message.offset;
  record.issuer = header_of(message, "issuer");
  if (message.payload != nullptr) {
    record.value = std::string(static_cast<const char*>(message.payload), message.len);
  }
  // One without a key says nothing of any.
  if (message.key == nullptr) return;
  records_[std::string(static_cast<const char*>(message.key), message.key_len)] = std::move(record);
}

// By a client of its own, for as long as that takes: one that knows how to read a topic when that
// is deleted never ends (librdkafka 2.0.2: rd_kafka_destroy() waits for good).
Result<void> TopicReader::read_up_to(std::int64_t end, const Until& until) {
  if (next_ >= end) return {};
  const auto what = "reading of topic " + name_;
  Lockout lockout;
  auto made = make_reader(address_, lockout);
  if (!made.has_value()) return made.error();
  Reading reading{std::move(*made), {}};
  auto* const client = reading.client.get();
  Topic topic{rd_kafka_topic_new(client, name_.c_str(), nullptr)};
  const auto from = next_ > 0 ? next_ : std::int64_t{RD_KAFKA_OFFSET_BEGINNING};
  if (!topic || rd_kafka_consume_start(topic.get(), kOnlyPartition, from) != 0) {
    return error_of(rd_kafka_last_error(), what, "Read");
  }
  reading.topic = std::move(topic);
  while (next_ < end) {
    const Message message{rd_kafka_consume(reading.topic.get(), kOnlyPartition, until.left_ms())};
    if (!message) return lockout.failed(client, RD_KAFKA_RESP_ERR__TIMED_OUT, what);
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      next_ = std::max(next_, message->offset);
    } else if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return error_of(message->err, what, "Read");
    } else {
      take(*message);
      next_ = message->offset + 1;
    }
  }
  return {};
}

Result<std::optional<KeyedRecord>> TopicReader::last(const std::string& key, const Until& until) {
  if (auto opened = open(); !opened.has_value()) return opened.error();
  const auto checked = check_topic(until);
  if (!checked.has_value()) {
    if (checked.error().code == ErrorCode::not_found) forget();
    // The next call reads the properties again: they may have been put right.
    if (checked.error().code == ErrorCode::refused) close();
    return checked.error();
  }
  const auto end = end_of_log(until);
  if (!end.has_value()) return end.error();
  if (*end < next_) forget();  // another topic of this name
  if (auto read = read_up_to(*end, until); !read.has_value()) return read.error();
  lockout_.forget(client_.get());
  const auto found = records_.find(key);
  if (found == records_.end()) return std::optional<KeyedRecord>{};
  return std::optional<KeyedRecord>{found->second};
}

}  // namespace homeostat::kafka
