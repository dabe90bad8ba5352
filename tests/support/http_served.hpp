// SPDX-License-Identifier: Apache-2.0
// An HttpServer on a free port, and a client that speaks bytes.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <exception>
#include <memory>
#include <string>
#include <utility>

#include "controller/transport/http_server.hpp"
#include "tests/support/run.hpp"

namespace homeostat::testing {

namespace asio = boost::asio;
using asio::ip::tcp;

struct Served {
  explicit Served(HttpHandler handler, HttpLimits limits = {}) {
    auto listening =
        HttpServer::listen(io.get_executor(), "127.0.0.1", 0, std::move(handler), limits);
    if (!listening.has_value()) throw std::runtime_error(listening.error().context);
    server = std::move(*listening);
    auto done = [this](std::exception_ptr failed) {
      ended = true;
      if (failed) std::rethrow_exception(failed);
    };
    asio::co_spawn(io, server->run(), std::move(done));
  }
  std::string url(const std::string& target) const {
    return "http://127.0.0.1:" + std::to_string(server->port()) + target;
  }
  tcp::endpoint endpoint() const {
    return {asio::ip::address_v4::loopback(), static_cast<unsigned short>(server->port())};
  }

  asio::io_context io;
  std::unique_ptr<HttpServer> server;
  bool ended = false;
};

/// Everything that the other side sends until it closes.
inline asio::awaitable<std::string> read_to_end(tcp::socket& socket) {
  std::string received;
  boost::system::error_code ec;
  auto buffer = asio::dynamic_buffer(received);
  co_await asio::async_read(socket, buffer, asio::redirect_error(asio::use_awaitable, ec));
  co_return received;
}

/// Sends `bytes` and reads until the other side closes.
inline asio::awaitable<std::string> converse(tcp::endpoint endpoint, std::string bytes) {
  const auto executor = co_await asio::this_coro::executor;
  tcp::socket socket(executor);
  boost::system::error_code ec;
  co_await socket.async_connect(endpoint, asio::use_awaitable);
  co_await asio::async_write(socket, asio::buffer(bytes),
                             asio::redirect_error(asio::use_awaitable, ec));
  std::string received = co_await read_to_end(socket);
  co_return received;
}

}  // namespace homeostat::testing
