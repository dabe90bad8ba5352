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
#include <string_view>
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
  /// Of the oldest event that is still there: retention deletes those before it. Only of a reading
  /// of `everything`.
  std::optional<std::int64_t> start = {};
  friend bool operator==(const PartitionOffsets&, const PartitionOffsets&) = default;
};

/// What the cluster says of a group's members. Consumers that commit without being members of
/// their group (assign() instead of subscribe()) leave it `empty`.
enum class GroupState {
  stable,       ///< it has members, and each knows its partitions
  rebalancing,  ///< partitions are being handed out: nobody reads
  empty,        ///< offsets, and no member
  dead,         ///< no such group, or it is being deleted
};

struct GroupOffsets {
  std::string cluster;                       ///< Kafka's id of it
  std::vector<PartitionOffsets> partitions;  ///< in order, never empty
  /// Only of a reading of `everything`, and nothing when the cluster did not say.
  std::optional<GroupState> state = {};
};

/// How much a reading asks for.
enum class Depth {
  offsets,     ///< committed and ends
  everything,  ///< the starts of the logs and the group's state, too: of all groups, of each broker
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
  /// `unavailable`: no broker is ready. `not_found`: the group has committed nothing (where
  /// no topic was named: in none that we may describe), or a topic does not exist; the context says
  /// which. `refused`: authentication or TLS.
  /// `missing_privilege`: names the ACL. `invalid_input`: the properties.
  boost::asio::awaitable<Result<GroupOffsets>> read(std::vector<TopicPartition> of,
                                                    Duration deadline,
                                                    Depth depth = Depth::offsets);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

std::string_view to_text(GroupState state);

/// How clients of this address speak to brokers: librdkafka's `security.protocol`, `plaintext`,
/// `sasl_plaintext`, `ssl` or `sasl_ssl`. Connects nowhere. `invalid_input`: the properties.
Result<std::string> security_protocol(const Address& address);

}  // namespace homeostat::kafka
