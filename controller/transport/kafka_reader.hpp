// SPDX-License-Identifier: Apache-2.0
// Blocking reading of one partition of one topic: the last record of each key. Internal to
// kafka::CompactedTopic, whose thread makes the calls.
#pragma once

#include <map>
#include <string>

#include "controller/transport/kafka_group.hpp"
#include "controller/transport/kafka_handle.hpp"
#include "controller/transport/kafka_lockout.hpp"
#include "controller/transport/kafka_until.hpp"
#include "controller/transport/keyed_topic.hpp"

namespace homeostat::kafka {

/// Reads from the beginning once, and then what has come since. A topic that was deleted, or made
/// anew, is read from the beginning again.
class TopicReader {
 public:
  /// Connects nowhere yet.
  TopicReader(Address address, std::string topic);

  /// KeyedTopic::last() has the errors.
  Result<std::optional<KeyedRecord>> last(const std::string& key, const Until& until);

 private:
  Result<void> open();
  void close();
  void forget();
  Result<void> check_topic(const Until& until);
  Result<std::int64_t> end_of_log(const Until& until);
  Result<void> read_up_to(std::int64_t end, const Until& until);
  void take(const rd_kafka_message_t& message);

  Address address_;
  std::string name_;
  std::map<std::string, KeyedRecord> records_;
  std::int64_t next_ = 0;  ///< offset of the first record that is not read yet
  Lockout lockout_;
  Client client_;  ///< asks, and never reads; after what its callbacks write to
  Topic topic_;
};

}  // namespace homeostat::kafka
