// SPDX-License-Identifier: Apache-2.0
// Waits for a socket that somebody else owns: libpq's. Brings Asio with it.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>

namespace homeostat {

using SteadyTime = std::chrono::steady_clock::time_point;

enum class Ready {
  yes,        ///< one of the wanted directions is ready
  deadline,   ///< it was not, in time
  cancelled,  ///< interrupt() or the cancellation of the awaiting coroutine
};

enum class Direction { read, write, both };

/// One wait at a time. Between waits the socket is not known to Asio, so that its owner may close
/// or exchange it.
class SocketWait {
 public:
  explicit SocketWait(const boost::asio::any_io_executor& executor);
  ~SocketWait();
  SocketWait(const SocketWait&) = delete;
  SocketWait& operator=(const SocketWait&) = delete;

  boost::asio::awaitable<Ready> wait(int socket, Direction direction, SteadyTime deadline);

  /// Ends the wait under way, if any, and lets go of its socket at once.
  void interrupt();

 private:
  struct State;
  static void arm(const std::shared_ptr<State>& state, bool write);
  static boost::asio::awaitable<Ready> wait_on(std::shared_ptr<State> state, int socket,
                                               Direction direction, SteadyTime deadline);
  std::shared_ptr<State> state_;
};

}  // namespace homeostat
