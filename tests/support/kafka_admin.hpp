// SPDX-License-Identifier: Apache-2.0
// What Kafka's operators and its own housekeeping do, in tests, and a member of a group.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "controller/transport/kafka_handle.hpp"

namespace homeostat::testing {

/// Every member throws std::runtime_error when the broker says no, or nothing for a minute.
class KafkaAdmin {
 public:
  /// `bootstrap`: as KafkaBroker::bootstrap().
  explicit KafkaAdmin(const std::string& bootstrap);

  /// As retention does: the partition's log begins at `offset` afterwards.
  void delete_before(const std::string& topic, int partition, std::int64_t offset) const;

  /// The ACL Describe. REQUIRES: a broker that asks for it (KafkaBroker with an identity).
  void let_describe_topic(const std::string& user, const std::string& topic) const;
  void let_describe_group(const std::string& user, const std::string& group) const;

 private:
  void let_describe(rd_kafka_ResourceType_t kind, const std::string& user,
                    const std::string& name) const;

  kafka::Client client_;
};

/// A consumer that has joined its group, by subscribing to one topic. It leaves when it goes.
class GroupMember {
 public:
  GroupMember(const std::string& bootstrap, const std::string& group, const std::string& topic);
  ~GroupMember();
  GroupMember(const GroupMember&) = delete;
  GroupMember& operator=(const GroupMember&) = delete;

  /// Polls once, and says whether it has been given a partition.
  bool assigned();

 private:
  struct Closer {
    void operator()(rd_kafka_t* handle) const { rd_kafka_destroy(handle); }
  };
  std::unique_ptr<rd_kafka_t, Closer> client_;
};

}  // namespace homeostat::testing
