// SPDX-License-Identifier: Apache-2.0
// The one admin call that we make, by itself: it is asked of every broker, none of which need be
// the group's coordinator, and librdkafka 2.0.2 survives outages with it.
#include <algorithm>
#include <array>
#include <string_view>

#include "controller/transport/kafka_client.hpp"
#include "controller/transport/kafka_error.hpp"

namespace homeostat::kafka {
namespace {

Result<GroupState> state_of(const rd_kafka_ConsumerGroupListing_t* group) {
  switch (rd_kafka_ConsumerGroupListing_state(group)) {
    case RD_KAFKA_CONSUMER_GROUP_STATE_STABLE:
      return GroupState::stable;
    case RD_KAFKA_CONSUMER_GROUP_STATE_PREPARING_REBALANCE:
    case RD_KAFKA_CONSUMER_GROUP_STATE_COMPLETING_REBALANCE:
      return GroupState::rebalancing;
    case RD_KAFKA_CONSUMER_GROUP_STATE_EMPTY:
      return GroupState::empty;
    case RD_KAFKA_CONSUMER_GROUP_STATE_DEAD:
      return GroupState::dead;
    default:
      return Error{ErrorCode::protocol, "a state of the group that librdkafka does not know"};
  }
}

// A little less for the brokers than for us: their answer, or that there is none, comes in time.
int request_ms(const Until& until) { return std::max(until.left_ms() * 9 / 10, 1); }

}  // namespace

Result<GroupState> GroupClient::state(const Until& until) {
  const std::string what = "state of group " + group_;
  const AdminOptions options{
      rd_kafka_AdminOptions_new(client_.get(), RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPS)};
  std::array<char, 256> why{};
  if (!options ||
      rd_kafka_AdminOptions_set_request_timeout(options.get(), request_ms(until), why.data(),
                                                why.size()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return Error{ErrorCode::internal, what + ": " + why.data()};
  }
  const Queue queue{rd_kafka_queue_new(client_.get())};
  rd_kafka_ListConsumerGroups(client_.get(), options.get(), queue.get());
  const Event event{rd_kafka_queue_poll(queue.get(), until.left_ms())};
  if (!event) return failed(RD_KAFKA_RESP_ERR__TIMED_OUT, what);
  if (const auto code = rd_kafka_event_error(event.get())) return failed(code, what);
  const auto* listed = rd_kafka_event_ListConsumerGroups_result(event.get());
  if (listed == nullptr) return Error{ErrorCode::protocol, what + ": another answer"};
  std::size_t count = 0;
  const auto** groups = rd_kafka_ListConsumerGroups_result_valid(listed, &count);
  for (std::size_t i = 0; i < count; ++i) {
    if (group_ == rd_kafka_ConsumerGroupListing_group_id(groups[i])) return state_of(groups[i]);
  }
  const auto** errors = rd_kafka_ListConsumerGroups_result_errors(listed, &count);
  if (count > 0) return failed(rd_kafka_error_code(errors[0]), what);
  // It has offsets, or nobody would ask: while its coordinator moves no broker lists it.
  return Error{ErrorCode::protocol, what + ": no broker lists it"};
}

}  // namespace homeostat::kafka
