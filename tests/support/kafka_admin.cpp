// SPDX-License-Identifier: Apache-2.0
#include "tests/support/kafka_admin.hpp"

#include <array>
#include <map>
#include <stdexcept>

namespace homeostat::testing {
namespace {

constexpr int kAMinute = 60'000;

void silent(const rd_kafka_t* /*handle*/, int /*level*/, const char* /*facility*/,
            const char* /*text*/) {}

rd_kafka_t* client_of(rd_kafka_type_t type, const std::map<std::string, std::string>& settings) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  std::array<char, 256> why{};
  for (const auto& [name, value] : settings) {
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why.data(), why.size()) !=
        RD_KAFKA_CONF_OK) {
      throw std::runtime_error(std::string{"librdkafka: "} + why.data());
    }
  }
  rd_kafka_conf_set_log_cb(conf, silent);
  rd_kafka_t* handle = rd_kafka_new(type, conf, why.data(), why.size());
  if (handle == nullptr) throw std::runtime_error(std::string{"librdkafka: "} + why.data());
  return handle;
}

kafka::Event answer_of(rd_kafka_queue_t* queue, const std::string& what) {
  kafka::Event event{rd_kafka_queue_poll(queue, kAMinute)};
  if (!event) throw std::runtime_error("Kafka: " + what + ": no answer");
  if (const auto code = rd_kafka_event_error(event.get())) {
    throw std::runtime_error("Kafka: " + what + ": " + rd_kafka_err2str(code));
  }
  return event;
}

}  // namespace

KafkaAdmin::KafkaAdmin(const std::string& bootstrap)
    : client_{client_of(RD_KAFKA_PRODUCER, {{"bootstrap.servers", bootstrap}})} {}

void KafkaAdmin::delete_before(const std::string& topic, int partition, std::int64_t offset) const {
  const kafka::PartitionList list{rd_kafka_topic_partition_list_new(1)};
  rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition)->offset = offset;
  rd_kafka_DeleteRecords_t* wanted = rd_kafka_DeleteRecords_new(list.get());
  const kafka::Queue queue{rd_kafka_queue_new(client_.get())};
  rd_kafka_DeleteRecords(client_.get(), &wanted, 1, nullptr, queue.get());
  rd_kafka_DeleteRecords_destroy(wanted);
  const auto event = answer_of(queue.get(), "delete events of " + topic);
  const auto* done =
      rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(event.get()));
  if (done == nullptr || done->cnt != 1 || done->elems[0].err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw std::runtime_error("Kafka: events of " + topic + " cannot be deleted");
  }
}

void KafkaAdmin::let_describe(rd_kafka_ResourceType_t kind, const std::string& user,
                              const std::string& name) const {
  std::array<char, 256> why{};
  rd_kafka_AclBinding_t* wanted = rd_kafka_AclBinding_new(
      kind, name.c_str(), RD_KAFKA_RESOURCE_PATTERN_LITERAL, ("User:" + user).c_str(), "*",
      RD_KAFKA_ACL_OPERATION_DESCRIBE, RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW, why.data(), why.size());
  if (wanted == nullptr) throw std::runtime_error(why.data());
  const kafka::Queue queue{rd_kafka_queue_new(client_.get())};
  rd_kafka_CreateAcls(client_.get(), &wanted, 1, nullptr, queue.get());
  rd_kafka_AclBinding_destroy(wanted);
  const auto event = answer_of(queue.get(), "let " + user + " describe " + name);
  std::size_t count = 0;
  const auto** results =
      rd_kafka_CreateAcls_result_acls(rd_kafka_event_CreateAcls_result(event.get()), &count);
  if (count != 1 || rd_kafka_acl_result_error(results[0]) != nullptr) {
    throw std::runtime_error("Kafka: the ACL for " + name + " is refused");
  }
}

void KafkaAdmin::let_describe_topic(const std::string& user, const std::string& topic) const {
  let_describe(RD_KAFKA_RESOURCE_TOPIC, user, topic);
}

void KafkaAdmin::let_describe_group(const std::string& user, const std::string& group) const {
  let_describe(RD_KAFKA_RESOURCE_GROUP, user, group);
}

GroupMember::GroupMember(const std::string& bootstrap, const std::string& group,
                         const std::string& topic)
    : client_{client_of(RD_KAFKA_CONSUMER, {{"bootstrap.servers", bootstrap},
                                            {"group.id", group},
                                            {"enable.auto.commit", "false"},
                                            {"reconnect.backoff.max.ms", "500"}})} {
  const kafka::PartitionList topics{rd_kafka_topic_partition_list_new(1)};
  rd_kafka_topic_partition_list_add(topics.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  if (rd_kafka_subscribe(client_.get(), topics.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw std::runtime_error("Kafka: cannot subscribe to " + topic);
  }
}

GroupMember::~GroupMember() { rd_kafka_consumer_close(client_.get()); }

bool GroupMember::assigned() {
  rd_kafka_message_t* message = rd_kafka_consumer_poll(client_.get(), 20);
  if (message != nullptr) rd_kafka_message_destroy(message);
  rd_kafka_topic_partition_list_t* raw = nullptr;
  if (rd_kafka_assignment(client_.get(), &raw) != RD_KAFKA_RESP_ERR_NO_ERROR) return false;
  const kafka::PartitionList given{raw};
  return given->cnt > 0;
}

}  // namespace homeostat::testing
