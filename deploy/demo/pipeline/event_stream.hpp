// SPDX-License-Identifier: Apache-2.0
// The consumer's end of the topic: partitions come and go, and what is read gathers in a batch.
//
// Where to begin is PostgreSQL's word, never Kafka's: whoever gets a partition claims it there, and
// with that shuts out who had it before. Offsets are stored with Kafka only after they are in
// PostgreSQL, so that every lag tool sees them; nothing is ever read from there.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "deploy/demo/pipeline/batch.hpp"
#include "deploy/demo/pipeline/database.hpp"
#include "deploy/demo/pipeline/kafka_handle.hpp"
#include "deploy/demo/pipeline/recent_events.hpp"

namespace melodyud {

struct StreamSettings {
  KafkaProperties properties;  ///< brokers, TLS …
  std::string topic;
  std::string group;
  /// A static member of the group: one that is restarted gets its partitions back at once, without
  /// a rebalance. Empty: a member like any other.
  std::string member;
  std::size_t remember = 100'000;  ///< event ids a partition; see recent_events.hpp
};

class EventStream {
 public:
  /// Joins the group. The database must outlive it. Throws as connect() does.
  EventStream(StreamSettings settings, Database& database);
  /// Stores the last offsets with Kafka and leaves the group.
  ~EventStream();
  EventStream(const EventStream&) = delete;
  EventStream& operator=(const EventStream&) = delete;

  /// Reads one message into the batch; false when none came in time. A rebalance meanwhile empties
  /// the batch. Throws std::runtime_error when there is no going on.
  bool poll(std::chrono::milliseconds patience);

  const Batch& batch() const { return batch_; }

  /// The batch is in PostgreSQL: its offsets go to Kafka in time, and the next batch begins.
  void applied();

  /// Nobody knows what came of the batch, or the partitions may be another's by now: forgets what
  /// is read, gives the group this long to tell, and begins again at what PostgreSQL says.
  void start_over(std::chrono::milliseconds after);
  /// Whether partitions could not be claimed: start_over() is due.
  bool unclaimed() const { return unclaimed_; }

  /// Events of our partitions that are not applied, as of the last fetch.
  std::int64_t backlog() const;

 private:
  struct Partition {
    std::int64_t next_offset = 0;  ///< to be read; what lies before it is applied, or in the batch
    std::int64_t applied_offset = 0;  ///< first that is not in PostgreSQL
    std::int64_t owner_epoch = 0;
    RecentEvents recent;
  };

  static void rebalanced(rd_kafka_t* handle, rd_kafka_resp_err_t what,
                         rd_kafka_topic_partition_list_t* partitions, void* self);
  void claim_and_assign();
  void take_in(const rd_kafka_message_t& message);
  void require_log_as_long(std::int32_t number, const Partition& partition) const;
  std::int64_t end_of(std::int32_t number) const;
  void complain(const rd_kafka_message_t& message);

  StreamSettings settings_;
  Database& database_;
  Batch batch_;
  std::vector<std::int32_t> assigned_;
  std::map<std::int32_t, Partition> partitions_;  ///< claimed ones
  bool unclaimed_ = false;
  rd_kafka_resp_err_t last_error_ = RD_KAFKA_RESP_ERR_NO_ERROR;
  KafkaHandle handle_;
};

}  // namespace melodyud
