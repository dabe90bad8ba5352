// SPDX-License-Identifier: Apache-2.0
#include "deploy/demo/pipeline/event_stream.hpp"

#include <algorithm>
#include <iostream>
#include <stdexcept>

#include "deploy/demo/pipeline/clocks.hpp"

namespace melodyud {

EventStream::EventStream(StreamSettings settings, Database& database)
    : settings_{std::move(settings)}, database_{database} {
  // Ours first: what the operator gives wins.
  KafkaProperties all{{"group.id", settings_.group},
                      {"auto.offset.reset", "earliest"},
                      // What is stored is committed this often; stored is only what is applied.
                      {"enable.auto.offset.store", "false"},
                      {"auto.commit.interval.ms", "100"},
                      {"heartbeat.interval.ms", "500"},
                      {"session.timeout.ms", "10000"}};
  if (!settings_.member.empty()) all.emplace_back("group.instance.id", settings_.member);
  all.insert(all.end(), settings_.properties.begin(), settings_.properties.end());
  rd_kafka_conf_t* configuration = configure(all);
  rd_kafka_conf_set_rebalance_cb(configuration, rebalanced);
  rd_kafka_conf_set_opaque(configuration, this);
  handle_ = connect(RD_KAFKA_CONSUMER, configuration);
  rd_kafka_poll_set_consumer(handle_.get());
  const PartitionList topics{rd_kafka_topic_partition_list_new(1)};
  rd_kafka_topic_partition_list_add(topics.get(), settings_.topic.c_str(), RD_KAFKA_PARTITION_UA);
  if (const auto error = rd_kafka_subscribe(handle_.get(), topics.get())) {
    throw std::runtime_error(settings_.topic + ": " + rd_kafka_err2str(error));
  }
}

EventStream::~EventStream() { rd_kafka_consumer_close(handle_.get()); }

void EventStream::rebalanced(rd_kafka_t* /*handle*/, rd_kafka_resp_err_t what,
                             rd_kafka_topic_partition_list_t* partitions, void* self) {
  auto& stream = *static_cast<EventStream*>(self);
  stream.assigned_.clear();
  if (what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    for (int i = 0; i < partitions->cnt; ++i) {
      stream.assigned_.push_back(partitions->elems[i].partition);
    }
  }
  stream.claim_and_assign();
}

void EventStream::claim_and_assign() {
  batch_ = {};
  partitions_.clear();
  unclaimed_ = false;
  if (assigned_.empty()) {
    rd_kafka_assign(handle_.get(), nullptr);
    return;
  }
  const auto claims = database_.claim(assigned_);
  if (!claims) {
    rd_kafka_assign(handle_.get(), nullptr);
    unclaimed_ = true;
    return;
  }
  const PartitionList wanted{rd_kafka_topic_partition_list_new(static_cast<int>(claims->size()))};
  const auto remembered = static_cast<std::int64_t>(settings_.remember);
  for (const auto& claim : *claims) {
    partitions_.try_emplace(claim.partition,
                            Partition{claim.next_offset, claim.next_offset, claim.owner_epoch,
                                      RecentEvents{settings_.remember}});
    // What was applied last is read once more, for its ids only.
    rd_kafka_topic_partition_list_add(wanted.get(), settings_.topic.c_str(), claim.partition)
        ->offset = std::max(std::int64_t{0}, claim.next_offset - remembered);
  }
  // Refused: this rebalance is over already, and the next one is on its way.
  unclaimed_ = rd_kafka_assign(handle_.get(), wanted.get()) != RD_KAFKA_RESP_ERR_NO_ERROR;
}

bool EventStream::poll(std::chrono::milliseconds patience) {
  const KafkaMessage message{
      rd_kafka_consumer_poll(handle_.get(), static_cast<int>(patience.count()))};
  if (!message) return false;
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    take_in(*message);
  } else {
    complain(*message);
  }
  return true;
}

void EventStream::take_in(const rd_kafka_message_t& message) {
  const auto found = partitions_.find(message.partition);
  if (found == partitions_.end()) return;
  auto& partition = found->second;
  const std::string_view text{static_cast<const char*>(message.payload), message.len};
  const auto event = decode(text);
  if (message.offset < partition.next_offset) {
    require_log_as_long(message.partition, partition);
    if (event) partition.recent.insert(event->event_id);
    return;
  }
  // From where PostgreSQL must stand: a hole in the log is ours to step over, one in PostgreSQL is
  // not.
  const Batch::Span begun{partition.next_offset, 0, partition.owner_epoch};
  partition.next_offset = message.offset + 1;
  auto& span = batch_.spans.try_emplace(message.partition, begun).first->second;
  span.next_offset = partition.next_offset;
  ++batch_.messages;
  if (!event) {
    ++batch_.malformed;
  } else if (!partition.recent.insert(event->event_id)) {
    ++batch_.duplicates;
  } else {
    batch_.add(*event);
  }
}

void EventStream::require_log_as_long(std::int32_t number, const Partition& partition) const {
  const auto end = end_of(number);
  if (end < 0 || end >= partition.next_offset) return;
  throw std::runtime_error("partition " + std::to_string(number) + " of " + settings_.topic +
                           " ends at " + std::to_string(end) +
                           ", and PostgreSQL has applied up to " +
                           std::to_string(partition.next_offset) +
                           ": another topic of that name? Delete its rows of "
                           "melodyud.consumer_offset to count it from its beginning");
}

void EventStream::complain(const rd_kafka_message_t& message) {
  if (message.err == RD_KAFKA_RESP_ERR__FATAL) {
    throw std::runtime_error(std::string{"Kafka: "} + rd_kafka_message_errstr(&message));
  }
  if (message.err == last_error_) return;
  last_error_ = message.err;
  std::cerr << "Kafka: " << rd_kafka_message_errstr(&message) << '\n';
}

void EventStream::applied() {
  const PartitionList done{
      rd_kafka_topic_partition_list_new(static_cast<int>(batch_.spans.size()))};
  for (const auto& [number, span] : batch_.spans) {
    partitions_.at(number).applied_offset = span.next_offset;
    rd_kafka_topic_partition_list_add(done.get(), settings_.topic.c_str(), number)->offset =
        span.next_offset;
  }
  rd_kafka_offsets_store(handle_.get(), done.get());
  batch_ = {};
}

void EventStream::start_over(std::chrono::milliseconds after) {
  const auto until = Monotonic::now() + after;
  while (Monotonic::now() < until) poll(std::chrono::milliseconds{10});
  claim_and_assign();
}

std::int64_t EventStream::end_of(std::int32_t number) const {
  std::int64_t low = -1;
  std::int64_t high = -1;
  rd_kafka_get_watermark_offsets(handle_.get(), settings_.topic.c_str(), number, &low, &high);
  return high;
}

std::int64_t EventStream::backlog() const {
  std::int64_t sum = 0;
  for (const auto& [number, partition] : partitions_) {
    sum += std::max(end_of(number), partition.next_offset) - partition.applied_offset;
  }
  return sum;
}

}  // namespace melodyud
