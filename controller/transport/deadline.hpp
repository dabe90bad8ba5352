// SPDX-License-Identifier: Apache-2.0
// A deadline around one asynchronous operation. Brings Asio with it: include it in sources only.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <optional>
#include <string>
#include <utility>

#include "policies/model/error.hpp"
#include "policies/model/time.hpp"

namespace homeostat {
namespace detail {

/// Runs `operation` and keeps what came of it in `box`. Never throws: `||` waits for the first
/// success, so that an exception would be held back until the timer fires, and then be lost.
template <class T>
boost::asio::awaitable<void> run_into(boost::asio::awaitable<Result<T>> operation,
                                      std::optional<Result<T>>& box, const std::string& what) {
  Error failure;
  try {
    Result<T> result = co_await std::move(operation);
    box.emplace(std::move(result));
    co_return;
  } catch (const boost::system::system_error& error) {
    const bool cancelled = error.code() == boost::asio::error::operation_aborted;
    failure.code = cancelled ? ErrorCode::timeout : ErrorCode::internal;
    failure.context = what + ": " + (cancelled ? "cancelled" : error.what());
  } catch (const std::exception& error) {
    failure.context = what + ": " + error.what();
  }
  box.emplace(std::move(failure));
}

}  // namespace detail

/// Runs `operation` and cancels it when `deadline` (from the call) passes first: Error `timeout`,
/// with `what` in its context. An exception inside becomes an Error `internal`. (`operation ||
/// timer` alone is no timeout: `||` waits for the first *success*, and loses the exception.)
/// REQUIRES: `operation` ends soon after it is cancelled, as Asio's own operations do.
template <class T>
boost::asio::awaitable<Result<T>> with_deadline(boost::asio::awaitable<Result<T>> operation,
                                                Duration deadline, std::string what) {
  using boost::asio::experimental::awaitable_operators::operator||;
  const auto executor = co_await boost::asio::this_coro::executor;
  boost::asio::steady_timer timer{executor};
  timer.expires_after(deadline);
  std::optional<Result<T>> box;
  auto work = detail::run_into<T>(std::move(operation), box, what);
  auto alarm = timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  auto race = std::move(work) || std::move(alarm);
  const auto first = co_await std::move(race);
  if (box && box->has_value()) co_return std::move(*box);
  Error failure;
  if (first.index() == 1) {
    failure.code = ErrorCode::timeout;
    failure.context =
        what + ": no answer within " + std::to_string(deadline.count() / 1000) + " ms";
    co_return failure;
  }
  if (box) co_return std::move(*box);
  failure.context = what + ": ended without a result";
  co_return failure;
}

}  // namespace homeostat
