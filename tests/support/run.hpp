// SPDX-License-Identifier: Apache-2.0
// Runs one coroutine to its end from a synchronous test.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>
#include <utility>

namespace homeostat::testing {

namespace detail {

template <class T>
boost::asio::awaitable<void> store(boost::asio::awaitable<T> work, std::optional<T>& slot) {
  T value = co_await std::move(work);
  slot.emplace(std::move(value));
}

}  // namespace detail

/// Runs `io` until `work` is done, and no longer; rethrows what it throws.
template <class T>
T run_coroutine(boost::asio::io_context& io, boost::asio::awaitable<T> work) {
  std::optional<T> slot;
  std::exception_ptr thrown;
  bool done = false;
  auto finished = [&](std::exception_ptr error) {
    thrown = error;
    done = true;
  };
  boost::asio::co_spawn(io, detail::store(std::move(work), slot), finished);
  io.restart();
  while (!done) io.run_one();
  if (thrown) std::rethrow_exception(thrown);
  return std::move(*slot);
}

inline void run_coroutine(boost::asio::io_context& io, boost::asio::awaitable<void> work) {
  std::exception_ptr thrown;
  bool done = false;
  auto finished = [&](std::exception_ptr error) {
    thrown = error;
    done = true;
  };
  boost::asio::co_spawn(io, std::move(work), finished);
  io.restart();
  while (!done) io.run_one();
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace homeostat::testing
