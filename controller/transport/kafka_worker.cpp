// SPDX-License-Identifier: Apache-2.0
#include "controller/transport/kafka_worker.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace homeostat::kafka {

namespace asio = boost::asio;
namespace {

/// One call, from both sides. Outlives whoever gave up waiting for it.
struct Errand {
  explicit Errand(const asio::any_io_executor& executor) : done{executor} {}
  bool over = false;        // of the loop's thread
  asio::steady_timer done;  // cancelled when it is over
};

Duration for_the_call(Duration deadline) {
  constexpr Duration kMost = std::chrono::milliseconds{50};
  return deadline - std::min(deadline / 10, kMost);
}

}  // namespace

struct Worker::Impl {
  asio::any_io_executor executor;
  std::shared_ptr<bool> busy = std::make_shared<bool>(false);  // of the loop's thread
  asio::thread_pool thread{1};
};

Worker::Worker(asio::any_io_executor executor) : impl_{std::make_unique<Impl>()} {
  impl_->executor = std::move(executor);
}

Worker::~Worker() { impl_->thread.join(); }

asio::awaitable<Worker::End> Worker::run(Call call, Duration deadline) {
  const auto busy = impl_->busy;
  if (*busy) co_return End::busy;
  *busy = true;
  const auto errand = std::make_shared<Errand>(impl_->executor);
  errand->done.expires_after(deadline);
  auto work = [busy, errand, call = std::move(call), until = Until{for_the_call(deadline)}]() {
    call(until);
    auto tell = [busy, errand]() {
      *busy = false;
      errand->over = true;
      errand->done.cancel();
    };
    asio::post(errand->done.get_executor(), std::move(tell));
  };
  asio::post(impl_->thread, std::move(work));
  co_await errand->done.async_wait(asio::as_tuple(asio::use_awaitable));
  co_return errand->over ? End::done : End::late;
}

}  // namespace homeostat::kafka
