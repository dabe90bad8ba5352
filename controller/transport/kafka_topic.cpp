// SPDX-License-Identifier: Apache-2.0
#include "controller/transport/kafka_topic.hpp"

#include <chrono>
#include <utility>

#include "controller/transport/kafka_reader.hpp"
#include "controller/transport/kafka_worker.hpp"
#include "controller/transport/kafka_writer.hpp"

namespace homeostat::kafka {

namespace asio = boost::asio;
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

constexpr Duration kTrustTrouble = std::chrono::seconds{2};

bool nobody_answers(const Error& error) {
  return error.code == ErrorCode::timeout || error.code == ErrorCode::unavailable;
}

}  // namespace

struct CompactedTopic::Impl {
  /// Of the worker's thread. Outlives whoever gave up waiting.
  struct Clients {
    Clients(const Address& address, const std::string& topic)
        : reader{address, topic}, writer{address, topic} {}
    TopicReader reader;
    TopicWriter writer;
  };
  template <class T>
  using Answer = std::shared_ptr<std::optional<Result<T>>>;

  Impl(asio::any_io_executor executor, const Address& address, std::string topic)
      : name{std::move(topic)},
        clients{std::make_shared<Clients>(address, name)},
        worker{std::move(executor)} {}

  /// Runs what fills `answer`, and remembers when nobody answered.
  template <class T>
  asio::awaitable<Result<T>> ask(Worker::Call call, Answer<T> answer, Duration deadline);

  std::string name;
  std::shared_ptr<Clients> clients;
  std::optional<Error> trouble;
  SteadyTime trouble_until;
  Worker worker;  // last: its thread ends before what it works on goes
};

template <class T>
asio::awaitable<Result<T>> CompactedTopic::Impl::ask(Worker::Call call, Answer<T> answer,
                                                     Duration deadline) {
  if (trouble && std::chrono::steady_clock::now() < trouble_until) co_return *trouble;
  trouble.reset();
  const auto end = co_await worker.run(std::move(call), deadline);
  if (end == Worker::End::done && (*answer)->has_value()) co_return std::move(**answer);
  Error error{ErrorCode::timeout, "topic " + name + ": ", {}};
  if (end == Worker::End::done) {
    error = (*answer)->error();
  } else if (end == Worker::End::busy) {
    error.context += "the answer to the last call is still awaited";
  } else {
    error.context += "no answer within " + std::to_string(deadline.count() / 1000) + " ms";
  }
  if (nobody_answers(error)) {
    trouble = error;
    trouble_until = std::chrono::steady_clock::now() + kTrustTrouble;
  }
  co_return error;
}

CompactedTopic::CompactedTopic(asio::any_io_executor executor, Address address, std::string name)
    : impl_{std::make_unique<Impl>(std::move(executor), address, std::move(name))} {}

CompactedTopic::~CompactedTopic() = default;

const std::string& CompactedTopic::name() const { return impl_->name; }

asio::awaitable<Result<std::optional<KeyedRecord>>> CompactedTopic::last(std::string key,
                                                                         Duration deadline) {
  auto answer = std::make_shared<std::optional<Result<std::optional<KeyedRecord>>>>();
  Worker::Call call = [clients = impl_->clients, answer, key = std::move(key)](const Until& until) {
    answer->emplace(clients->reader.last(key, until));
  };
  co_return co_await impl_->ask<std::optional<KeyedRecord>>(std::move(call), answer, deadline);
}

asio::awaitable<Result<void>> CompactedTopic::write(std::string key,
                                                    std::optional<std::string> value,
                                                    std::string issuer, Duration deadline) {
  auto answer = std::make_shared<std::optional<Result<void>>>();
  Worker::Call call = [clients = impl_->clients, answer, key = std::move(key),
                       value = std::move(value), issuer = std::move(issuer)](const Until& until) {
    answer->emplace(clients->writer.write(key, value, issuer, until));
  };
  co_return co_await impl_->ask<void>(std::move(call), answer, deadline);
}

asio::awaitable<Result<void>> CompactedTopic::make(Duration deadline) {
  auto answer = std::make_shared<std::optional<Result<void>>>();
  Worker::Call call = [clients = impl_->clients, answer](const Until& until) {
    answer->emplace(clients->writer.make(until));
  };
  co_return co_await impl_->ask<void>(std::move(call), answer, deadline);
}

}  // namespace homeostat::kafka
