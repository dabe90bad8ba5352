// SPDX-License-Identifier: Apache-2.0
#include "controller/transport/kafka_client.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <span>
#include <utility>

#include "controller/transport/kafka_error.hpp"
#include "controller/transport/kafka_settings.hpp"

namespace homeostat::kafka {
namespace {

// Partitions asked for by one call: librdkafka looks through all of them for each one answered.
constexpr std::size_t kMostAtOnce = 1000;

template <class T>
std::span<T> chunk(std::span<T> all, std::size_t from) {
  return all.subspan(from, std::min(kMostAtOnce, all.size() - from));
}

PartitionList list_of(std::span<const TopicPartition> partitions, std::int64_t offset) {
  PartitionList list{rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size()))};
  for (const auto& [topic, partition] : partitions) {
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition)->offset = offset;
  }
  return list;
}

// Some calls answer "no error" for a list with errors in it.
rd_kafka_resp_err_t first_error(const rd_kafka_topic_partition_list_t& list) {
  for (int i = 0; i < list.cnt; ++i) {
    if (list.elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR) return list.elems[i].err;
  }
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

// The partitions with an error of their own; all topics where librdkafka gives none.
std::string culprits(const rd_kafka_topic_partition_list_t& list) {
  std::set<std::string> failed;
  std::set<std::string> topics;
  for (int i = 0; i < list.cnt; ++i) {
    const auto& element = list.elems[i];
    topics.insert(element.topic);
    if (element.err == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    failed.insert(std::string{element.topic} + "/" + std::to_string(element.partition));
  }
  const auto& names = failed.empty() ? topics : failed;
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// Kafka's own topics begin like this; no application's group lags behind in them.
bool internal(std::string_view topic) { return topic.starts_with("__"); }

}  // namespace

Result<std::unique_ptr<GroupClient>> GroupClient::make(const Address& address, std::string group) {
  auto settings = client_settings(address, group);
  if (!settings.has_value()) return settings.error();
  std::unique_ptr<GroupClient> made{new GroupClient{std::move(group)}};
  made->lockout_.listen(settings->get());
  std::array<char, 256> why{};
  made->client_.reset(rd_kafka_new(RD_KAFKA_CONSUMER, settings->get(), why.data(), why.size()));
  if (!made->client_) return Error{ErrorCode::invalid_input, why.data()};
  settings->release();  // the client's from here on
  return made;
}

// A group that we may not describe has no coordinator for us. librdkafka looks for one in the
// background, and tells why there is none once, as if we were its consumer.
void GroupClient::hear_denial() {
  while (rd_kafka_message_t* told = rd_kafka_consumer_poll(client_.get(), 0)) {
    if (code_of(told->err) == ErrorCode::missing_privilege) denied_ = told->err;
    rd_kafka_message_destroy(told);
  }
}

void GroupClient::let_in() {
  lockout_.forget(client_.get());
  denied_ = RD_KAFKA_RESP_ERR_NO_ERROR;
}

// Like a login that fails, a group that is denied is tried again in the background, while every
// call waits for its timeout.
Error GroupClient::failed(rd_kafka_resp_err_t code, const std::string& what) {
  auto error = lockout_.failed(client_.get(), code, what);
  hear_denial();
  const bool unheard = error.code == ErrorCode::timeout || error.code == ErrorCode::unavailable;
  if (unheard && denied_ != RD_KAFKA_RESP_ERR_NO_ERROR) return error_of(denied_, what);
  return error;
}

Result<std::vector<TopicPartition>> GroupClient::all_partitions(const Until& until) {
  const struct rd_kafka_metadata* raw = nullptr;
  const auto code = rd_kafka_metadata(client_.get(), 1, nullptr, &raw, until.left_ms());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return failed(code, "topics of the cluster");
  const Metadata metadata{raw};
  std::vector<TopicPartition> found;
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    const auto& topic = metadata->topics[i];
    if (internal(topic.topic)) continue;
    for (int j = 0; j < topic.partition_cnt; ++j) {
      found.push_back({topic.topic, topic.partitions[j].id});
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

Result<PartitionList> GroupClient::committed(std::span<const TopicPartition> of,
                                             const Until& until) {
  auto list = list_of(of, RD_KAFKA_OFFSET_INVALID);
  auto code = rd_kafka_committed(client_.get(), list.get(), until.left_ms());
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) code = first_error(*list);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return failed(code, "committed offsets of group " + group_);
  }
  return list;
}

rd_kafka_resp_err_t GroupClient::ask_edges(rd_kafka_topic_partition_list_t* list,
                                           std::int64_t which, const Until& until) const {
  for (int i = 0; i < list->cnt; ++i) list->elems[i].offset = which;
  const auto code = rd_kafka_offsets_for_times(client_.get(), list, until.left_ms());
  const auto inside = first_error(*list);
  return inside == RD_KAFKA_RESP_ERR_NO_ERROR ? code : inside;
}

// By itself the client does so every five minutes.
void GroupClient::refresh_leaders(std::span<const TopicPartition> of, const Until& until) {
  std::set<std::string> topics;
  for (const auto& partition : of) topics.insert(partition.topic);
  for (const auto& name : topics) {
    const Topic topic{rd_kafka_topic_new(client_.get(), name.c_str(), nullptr)};
    const struct rd_kafka_metadata* raw = nullptr;
    if (topic && rd_kafka_metadata(client_.get(), 0, topic.get(), &raw, until.left_ms()) ==
                     RD_KAFKA_RESP_ERR_NO_ERROR) {
      const Metadata metadata{raw};
    }
  }
}

// Where the logs begin (RD_KAFKA_OFFSET_BEGINNING) or end (RD_KAFKA_OFFSET_END). REQUIRES:
// `partitions` in order, as librdkafka sorts the list that it answers in.
Result<void> GroupClient::edges(std::span<PartitionOffsets> partitions, std::int64_t which,
                                const Until& until) {
  for (std::size_t from = 0; from < partitions.size(); from += kMostAtOnce) {
    auto done = some_edges(chunk(partitions, from), which, until);
    if (!done.has_value()) return done;
  }
  return {};
}

Result<void> GroupClient::some_edges(std::span<PartitionOffsets> partitions, std::int64_t which,
                                     const Until& until) {
  std::vector<TopicPartition> of;
  for (const auto& offsets : partitions) of.push_back(offsets.of);
  const bool ends = which == RD_KAFKA_OFFSET_END;
  auto list = list_of(of, which);
  auto code = ask_edges(list.get(), which, until);
  if (leader_moved(code)) {
    refresh_leaders(of, until);
    list = list_of(of, which);
    code = ask_edges(list.get(), which, until);
  }
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return failed(code, (ends ? "end offsets of " : "start offsets of ") + culprits(*list));
  }
  for (int i = 0; i < list->cnt; ++i) {
    const auto& element = list->elems[i];
    auto& offsets = partitions[static_cast<std::size_t>(i)];
    if (offsets.of.topic != element.topic || offsets.of.partition != element.partition ||
        element.offset < 0) {
      return Error{ErrorCode::protocol, "offsets that were not asked for"};
    }
    if (ends) {
      offsets.end = element.offset;
    } else {
      offsets.start = element.offset;
    }
  }
  return {};
}

// Where the group stands. When nobody said where to look: in topics that it has committed in.
Result<std::vector<PartitionOffsets>> GroupClient::standing(std::vector<TopicPartition> of,
                                                            const Until& until) {
  const bool discover = of.empty();
  if (discover) {
    auto all = all_partitions(until);
    if (!all.has_value()) return all.error();
    of = std::move(*all);
  }
  const Error nothing{
      ErrorCode::not_found,
      "group " + group_ + " has committed no offset in any topic that we may describe"};
  if (of.empty()) return nothing;
  std::set<std::string> consumed;
  std::vector<PartitionOffsets> found;
  for (std::size_t from = 0; from < of.size(); from += kMostAtOnce) {
    const auto list = committed(chunk(std::span<const TopicPartition>{of}, from), until);
    if (!list.has_value()) return list.error();
    for (int i = 0; i < (*list)->cnt; ++i) {
      const auto& element = (*list)->elems[i];
      PartitionOffsets offsets;
      offsets.of = {element.topic, element.partition};
      if (element.offset >= 0) {
        offsets.committed = element.offset;
        consumed.insert(element.topic);
      }
      found.push_back(std::move(offsets));
    }
  }
  if (consumed.empty()) return nothing;
  if (discover) {
    std::erase_if(found, [&](const auto& one) { return !consumed.contains(one.of.topic); });
  }
  return found;
}

Result<std::string> GroupClient::cluster(const Until& until) {
  char* id = rd_kafka_clusterid(client_.get(), until.left_ms());
  if (id == nullptr) return failed(RD_KAFKA_RESP_ERR__TIMED_OUT, "id of the cluster");
  std::string named{id};
  rd_kafka_mem_free(client_.get(), id);
  return named;
}

Result<GroupOffsets> GroupClient::read(const std::vector<TopicPartition>& of, Depth depth,
                                       const Until& until) {
  auto found = standing(of, until);
  if (!found.has_value()) return found.error();
  GroupOffsets result;
  result.partitions = std::move(*found);
  std::sort(result.partitions.begin(), result.partitions.end(),
            [](const auto& one, const auto& other) { return one.of < other.of; });
  if (depth == Depth::everything) {
    const auto begun = edges(result.partitions, RD_KAFKA_OFFSET_BEGINNING, until);
    if (!begun.has_value()) return begun.error();
  }
  // After the committed ones: the lag that comes of it is never too small.
  const auto written = edges(result.partitions, RD_KAFKA_OFFSET_END, until);
  if (!written.has_value()) return written.error();
  auto id = cluster(until);
  if (!id.has_value()) return id.error();
  result.cluster = std::move(*id);
  if (depth == Depth::everything) {
    const auto told = state(until);
    if (told.has_value()) result.state = *told;
  }
  let_in();
  return result;
}

}  // namespace homeostat::kafka
