// SPDX-License-Identifier: Apache-2.0
#include "controller/transport/deadline.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <memory>
#include <stdexcept>

#include "tests/support/run.hpp"

namespace homeostat {
namespace {

namespace asio = boost::asio;
using testing::run_coroutine;

// Never waited out, unless the helper is broken.
constexpr auto kLong = std::chrono::hours{1};
constexpr auto kShort = std::chrono::milliseconds{20};

asio::awaitable<Result<std::unique_ptr<int>>> seven() {
  co_return Result<std::unique_ptr<int>>{std::make_unique<int>(7)};
}

asio::awaitable<Result<int>> failing() {
  Error error{ErrorCode::refused, "no"};
  co_return error;
}

asio::awaitable<Result<int>> throwing() {
  throw std::runtime_error("broken");
  co_return 0;
}

asio::awaitable<Result<int>> endless(bool& cancelled) {
  asio::steady_timer timer{co_await asio::this_coro::executor};
  timer.expires_after(kLong);
  const auto [error] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  cancelled = error == asio::error::operation_aborted;
  co_return 1;
}

}  // namespace

TEST_CASE("with_deadline hands on a result that comes in time") {
  asio::io_context io;
  const auto result = run_coroutine(io, with_deadline(seven(), kLong, "seven"));
  REQUIRE(result.has_value());
  REQUIRE(**result == 7);
}

TEST_CASE("with_deadline hands on an error at once instead of waiting for the timer") {
  asio::io_context io;
  const auto result = run_coroutine(io, with_deadline(failing(), kLong, "failing"));
  REQUIRE(result.error().code == ErrorCode::refused);
}

TEST_CASE("with_deadline turns an exception into an internal error at once") {
  asio::io_context io;
  const auto result = run_coroutine(io, with_deadline(throwing(), kLong, "throwing"));
  REQUIRE(result.error().code == ErrorCode::internal);
  REQUIRE(result.error().context == "throwing: broken");
}

TEST_CASE("with_deadline cancels what does not end and names it") {
  asio::io_context io;
  bool cancelled = false;
  // Written so that it cannot pass by the operation's own end: that one is an hour away.
  const auto result = run_coroutine(io, with_deadline(endless(cancelled), kShort, "endless"));
  REQUIRE(cancelled);
  REQUIRE(result.has_value());
}

TEST_CASE("with_deadline reports a timeout when the cancelled operation has no result") {
  asio::io_context io;
  auto sleeping = []() -> asio::awaitable<Result<int>> {
    asio::steady_timer timer{co_await asio::this_coro::executor};
    timer.expires_after(kLong);
    co_await timer.async_wait(asio::use_awaitable);
    co_return 1;
  };
  const auto result = run_coroutine(io, with_deadline(sleeping(), kShort, "sleeping"));
  REQUIRE(result.error().code == ErrorCode::timeout);
  REQUIRE(result.error().context == "sleeping: no answer within 20 ms");
}

}  // namespace homeostat
