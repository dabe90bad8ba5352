// SPDX-License-Identifier: Apache-2.0
// One connection of the HTTP server. Internal to controller/transport: it is the only header here
// that shows Beast.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>

#include "controller/transport/http_server.hpp"

namespace homeostat {

class HttpConnection {
 public:
  /// `handler` must outlive it.
  HttpConnection(boost::asio::ip::tcp::socket socket, const HttpHandler& handler,
                 const HttpLimits& limits);

  /// Answers requests until either side has enough. Never throws on what a client does.
  boost::asio::awaitable<void> run();

  /// Closes now when it waits for a request, otherwise after the answer under way.
  void close_when_idle();

 private:
  enum class Next { read, close };

  boost::asio::awaitable<Next> serve_one(bool first);
  boost::asio::awaitable<Next> send(HttpAnswer answer, bool body, bool keep_alive);
  boost::asio::awaitable<void> linger();

  boost::beast::tcp_stream stream_;
  boost::beast::flat_buffer buffer_;
  const HttpHandler& handler_;
  HttpLimits limits_;
  bool idle_ = false;
  bool closing_ = false;
};

}  // namespace homeostat
