// SPDX-License-Identifier: Apache-2.0
// Offsets of one Kafka consumer group, from outside: never joins it, never commits, never writes.
// Thin: it knows no signal and no policy.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "policies/model/error.hpp"
#include "policies/model/time.hpp"

namespace homeostat::kafka {

/// Where to connect, and how.
struct Address {
  std::string bootstrap = {};  ///< HOST:PORT, more of them after commas
  /// Properties of librdkafka, NAME=VALUE a line (`#` begins a comment): TLS, SASL. Holds secrets.
  /// Read at every connect. Empty: none.
  std::string properties_file = {};
  friend bool operator==(const Address&, const Address&) = default;
};

struct TopicPartition {
  std::string topic = {};
  std::int32_t partition = 0;
  friend auto operator<=>(const TopicPartition&, const TopicPartition&) = default;
};

/// Where a group stands in one partition.
struct PartitionOffsets {
  TopicPartition of = {};
  /// Of the next event that the group will read; nothing: it never committed there, or its offset
  /// was deleted. Nobody knows then what it has read.
  std::optional<std::int64_t> committed = {};
  std::int64_t end = 0;  ///< of the next event that will be written
  friend bool operator==(const PartitionOffsets&, const PartitionOffsets&) = default;
};

struct GroupOffsets {
  std::string cluster;                       ///< Kafka's id of it
  std::vector<PartitionOffsets> partitions;  ///< in order, never empty
};

/// One client of librdkafka, whose calls block: a thread of its own makes them.
class Group {
 public:
  /// Connects when first read.
  Group(boost::asio::any_io_executor executor, Address address, std::string name);
  /// Waits for a reading under way: by its deadline it is over.
  ~Group();
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  /// Committed and end offsets of these partitions, whole or not at all. None: of every partition
  /// of every topic that the group has committed an offset in, which is dearer.
  ///
  /// Ends by `deadline`, counted from the call: one for all that is asked of the brokers.
  /// `timeout`: no answer in time, or the answer to the last reading is still awaited.
  /// `unavailable`: no broker is ready. `not_found`: the group has committed nothing, or a topic
  /// does not exist; the context says which. `refused`: authentication or TLS.
  /// `missing_privilege`: names the ACL. `invalid_input`: the properties.
  boost::asio::awaitable<Result<GroupOffsets>> read(std::vector<TopicPartition> of,
                                                    Duration deadline);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace homeostat::kafka
