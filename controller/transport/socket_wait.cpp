// SPDX-License-Identifier: Apache-2.0
#include "controller/transport/socket_wait.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdint>
#include <utility>

namespace homeostat {

namespace asio = boost::asio;

struct SocketWait::State {
  explicit State(const asio::any_io_executor& executor) : socket{executor}, timer{executor} {}
  ~State() { let_go(); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  // Never close(): the descriptor belongs to libpq.
  void let_go() {
    if (socket.is_open()) socket.release();
  }

  asio::posix::stream_descriptor socket;
  asio::steady_timer timer;  // what the coroutine sleeps on; readiness cancels it
  std::uint64_t generation = 0;
  bool ready = false;
};

SocketWait::SocketWait(const asio::any_io_executor& executor)
    : state_{std::make_shared<State>(executor)} {}

SocketWait::~SocketWait() { interrupt(); }

void SocketWait::interrupt() {
  state_->let_go();
  state_->timer.cancel();
}

void SocketWait::arm(const std::shared_ptr<State>& state, bool write) {
  const auto generation = state->generation;
  // The generation keeps a late handler (both directions ready at once) from ending the next wait.
  auto woken = [state, generation](const boost::system::error_code& error) {
    if (error == asio::error::operation_aborted || generation != state->generation) return;
    state->ready = true;
    state->timer.cancel();
  };
  const auto direction = write ? asio::posix::stream_descriptor::wait_write
                               : asio::posix::stream_descriptor::wait_read;
  state->socket.async_wait(direction, std::move(woken));
}

asio::awaitable<Ready> SocketWait::wait(int socket, Direction direction, SteadyTime deadline) {
  return wait_on(state_, socket, direction, deadline);
}

asio::awaitable<Ready> SocketWait::wait_on(std::shared_ptr<State> state, int socket,
                                           Direction direction, SteadyTime deadline) {
  ++state->generation;
  state->ready = false;
  boost::system::error_code failed;
  state->socket.assign(socket, failed);
  if (failed) co_return Ready::cancelled;
  if (direction != Direction::write) arm(state, false);
  if (direction != Direction::read) arm(state, true);
  state->timer.expires_at(deadline);
  const auto [error] = co_await state->timer.async_wait(asio::as_tuple(asio::use_awaitable));
  state->let_go();
  if (state->ready) co_return Ready::yes;
  co_return error ? Ready::cancelled : Ready::deadline;
}

}  // namespace homeostat
