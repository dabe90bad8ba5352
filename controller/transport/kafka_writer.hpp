// SPDX-License-Identifier: Apache-2.0
// Blocking writing to one partition of one topic. Internal to kafka::CompactedTopic, whose thread
// makes the calls.
#pragma once

#include <optional>
#include <string>

#include "controller/transport/kafka_group.hpp"
#include "controller/transport/kafka_handle.hpp"
#include "controller/transport/kafka_lockout.hpp"
#include "controller/transport/kafka_until.hpp"
#include "policies/model/error.hpp"

namespace homeostat::kafka {

/// After any failure its client is thrown away: what could not be written in time must not come
/// later, when it may be wrong.
class TopicWriter {
 public:
  /// Connects nowhere yet.
  TopicWriter(Address address, std::string topic);

  /// KeyedTopic::write() and make() have the errors.
  Result<void> write(const std::string& key, const std::optional<std::string>& value,
                     const std::string& issuer, const Until& until);
  Result<void> make(const Until& until);

 private:
  Result<void> open(const Until& until);
  Error given_up(rd_kafka_resp_err_t code, const std::string& what, const std::string& operation);
  static void delivered(rd_kafka_t* client, const rd_kafka_message_t* message, void* unused);

  Address address_;
  std::string name_;
  std::optional<rd_kafka_resp_err_t> outcome_;  ///< of the message under way; nothing: none yet
  Lockout lockout_;
  Client client_;  ///< last: its callbacks write to what stands above
};

}  // namespace homeostat::kafka
