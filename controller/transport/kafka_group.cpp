// SPDX-License-Identifier: Apache-2.0
#include "controller/transport/kafka_group.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "controller/transport/kafka_client.hpp"
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

/// One reading, from both sides. Outlives whoever gave up waiting for it.
struct Job {
  explicit Job(const asio::any_io_executor& executor) : done{executor} {}
  std::optional<Result<GroupOffsets>> result;  // of the loop's thread
  asio::steady_timer done;                     // cancelled when the result is there
};

// A little less for the brokers than for us, so that librdkafka's own words are heard.
Duration for_brokers(Duration deadline) {
  constexpr Duration kMost = std::chrono::milliseconds{50};
  return deadline - std::min(deadline / 10, kMost);
}

}  // namespace

struct Group::Impl {
  struct Shared {
    Address address;
    std::string name;
    std::unique_ptr<GroupClient> client;  ///< of the worker's thread
    bool busy = false;                    ///< of the loop's thread
  };
  asio::any_io_executor executor;
  std::shared_ptr<Shared> shared;
  asio::thread_pool worker{1};  // last: its thread ends before what it works on goes

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
    : impl_{std::make_unique<Impl>()} {
  impl_->executor = std::move(executor);
  impl_->shared = std::make_shared<Impl::Shared>();
  impl_->shared->address = std::move(address);
  impl_->shared->name = std::move(name);
}

Group::~Group() { impl_->worker.join(); }

asio::awaitable<Result<GroupOffsets>> Group::read(std::vector<TopicPartition> of, Duration deadline,
                                                  Depth depth) {
  const auto shared = impl_->shared;
  Error late{ErrorCode::timeout, "group " + shared->name + ": "};
  if (shared->busy) {
    late.context += "the answer to the last reading is still awaited";
    co_return late;
  }
  shared->busy = true;
  const auto job = std::make_shared<Job>(impl_->executor);
  job->done.expires_after(deadline);
  auto work = [shared, job, of = std::move(of), depth, until = Until{for_brokers(deadline)}]() {
    auto found = Impl::work(*shared, of, depth, until);
    auto tell = [shared, job, found = std::move(found)]() mutable {
      shared->busy = false;
      job->result.emplace(std::move(found));
      job->done.cancel();
    };
    asio::post(job->done.get_executor(), std::move(tell));
  };
  asio::post(impl_->worker, std::move(work));
  co_await job->done.async_wait(asio::as_tuple(asio::use_awaitable));
  if (job->result) co_return std::move(*job->result);
  late.context += "no answer within " + std::to_string(deadline.count() / 1000) + " ms";
  co_return late;
}

std::string_view to_text(GroupState state) { return name_of(kGroupStates, state); }

}  // namespace homeostat::kafka
