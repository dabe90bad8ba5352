// SPDX-License-Identifier: Apache-2.0
#include "controller/transport/kafka_group.hpp"

#include <optional>
#include <utility>

#include "controller/transport/kafka_client.hpp"
#include "controller/transport/kafka_worker.hpp"
#include "policies/model/names.hpp"

namespace homeostat::kafka {

namespace asio = boost::asio;
namespace {

constexpr NameTable<GroupState, 4> kGroupStates{{
    {GroupState::stable, "stable"},
    {GroupState::rebalancing, "rebalancing"},
    {GroupState::empty, "empty"},
    {GroupState::dead, "dead"},
}};

}  // namespace

struct Group::Impl {
  /// Of the worker's thread. Outlives whoever gave up waiting.
  struct Shared {
    Address address;
    std::string name;
    std::unique_ptr<GroupClient> client;
  };
  Impl(asio::any_io_executor executor, Address address, std::string name)
      : shared{std::make_shared<Shared>()}, worker{std::move(executor)} {
    shared->address = std::move(address);
    shared->name = std::move(name);
  }

  std::shared_ptr<Shared> shared;
  Worker worker;

  static Result<GroupOffsets> work(Shared& shared, const std::vector<TopicPartition>& of,
                                   Depth depth, const Until& until);
};

// On the worker's thread.
Result<GroupOffsets> Group::Impl::work(Shared& shared, const std::vector<TopicPartition>& of,
                                       Depth depth, const Until& until) {
  if (!shared.client) {
    auto made = GroupClient::make(shared.address, shared.name);
    if (!made.has_value()) return made.error();
    shared.client = std::move(*made);
  }
  auto result = shared.client->read(of, depth, until);
  // The next one reads the properties again: they may have been put right.
  if (!result.has_value() && result.error().code == ErrorCode::refused) shared.client.reset();
  return result;
}

Group::Group(asio::any_io_executor executor, Address address, std::string name)
    : impl_{std::make_unique<Impl>(std::move(executor), std::move(address), std::move(name))} {}

Group::~Group() = default;

asio::awaitable<Result<GroupOffsets>> Group::read(std::vector<TopicPartition> of, Duration deadline,
                                                  Depth depth) {
  const auto shared = impl_->shared;
  const auto answer = std::make_shared<std::optional<Result<GroupOffsets>>>();
  Worker::Call call = [shared, answer, of = std::move(of), depth](const Until& until) {
    answer->emplace(Impl::work(*shared, of, depth, until));
  };
  const auto end = co_await impl_->worker.run(std::move(call), deadline);
  if (end == Worker::End::done) co_return std::move(**answer);
  Error late{ErrorCode::timeout, "group " + shared->name + ": "};
  if (end == Worker::End::busy) {
    late.context += "the answer to the last reading is still awaited";
  } else {
    late.context += "no answer within " + std::to_string(deadline.count() / 1000) + " ms";
  }
  co_return late;
}

std::string_view to_text(GroupState state) { return name_of(kGroupStates, state); }

}  // namespace homeostat::kafka
