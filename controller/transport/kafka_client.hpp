// SPDX-License-Identifier: Apache-2.0
// Blocking calls of one librdkafka client, for one consumer group. Internal to kafka::Group, whose
// thread makes them.
//
// Only calls that librdkafka 2.0.2 survives outages with: its admin calls to a coordinator can
// abort the process, rd_kafka_query_watermark_offsets ignores its timeout.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "controller/transport/kafka_group.hpp"
#include "controller/transport/kafka_handle.hpp"
#include "controller/transport/kafka_lockout.hpp"
#include "controller/transport/kafka_until.hpp"

namespace homeostat::kafka {

class GroupClient {
 public:
  /// Connects nowhere yet. An Error (`invalid_input`) names the property that is wrong, not its
  /// value.
  static Result<std::unique_ptr<GroupClient>> make(const Address& address, std::string group);

  /// Group::read() has the errors.
  Result<GroupOffsets> read(const std::vector<TopicPartition>& of, Depth depth, const Until& until);

  /// From the list of all groups: a description calls groups of the newer protocol dead while they
  /// live, and is asked of a coordinator. An Error also when the state is one that we do not know.
  Result<GroupState> state(const Until& until);

 private:
  explicit GroupClient(std::string group) : group_{std::move(group)} {}

  Result<std::vector<PartitionOffsets>> standing(std::vector<TopicPartition> of,
                                                 const Until& until);
  Result<std::vector<TopicPartition>> all_partitions(const Until& until);
  Result<PartitionList> committed(std::span<const TopicPartition> of, const Until& until);
  Result<void> edges(std::span<PartitionOffsets> partitions, std::int64_t which,
                     const Until& until);
  Result<void> some_edges(std::span<PartitionOffsets> partitions, std::int64_t which,
                          const Until& until);
  rd_kafka_resp_err_t ask_edges(rd_kafka_topic_partition_list_t* list, std::int64_t which,
                                const Until& until) const;
  Result<std::string> cluster(const Until& until);
  void refresh_leaders(std::span<const TopicPartition> of, const Until& until);
  Error failed(rd_kafka_resp_err_t code, const std::string& what);
  void hear_denial();
  void let_in();

  std::string group_;
  Lockout lockout_;
  rd_kafka_resp_err_t denied_ = RD_KAFKA_RESP_ERR_NO_ERROR;  ///< why there is no coordinator for us
  Client client_;  ///< last: its callbacks write to what stands above
};

}  // namespace homeostat::kafka
