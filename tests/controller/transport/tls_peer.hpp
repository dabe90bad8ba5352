// SPDX-License-Identifier: Apache-2.0
// A TLS server with a certificate of its own making, for one connection at a time.
#pragma once

#include <boost/asio/ssl.hpp>
#include <string>

#include "tests/support/http_served.hpp"
#include "tests/support/self_signed.hpp"

namespace homeostat::testing {

/// Accepts one connection, answers whatever it asks with 200 and `hello`.
inline asio::awaitable<void> answer_tls(tcp::acceptor& acceptor, const SelfSigned& identity) {
  const auto executor = co_await asio::this_coro::executor;
  asio::ssl::context context(asio::ssl::context::tls_server);
  context.use_certificate(asio::buffer(identity.certificate), asio::ssl::context::pem);
  context.use_private_key(asio::buffer(identity.key), asio::ssl::context::pem);
  asio::ssl::stream<tcp::socket> stream(executor, context);
  boost::system::error_code ec;
  co_await acceptor.async_accept(stream.next_layer(), asio::use_awaitable);
  co_await stream.async_handshake(asio::ssl::stream_base::server,
                                  asio::redirect_error(asio::use_awaitable, ec));
  if (ec) co_return;
  std::string request(4096, '\0');
  co_await stream.async_read_some(asio::buffer(request),
                                  asio::redirect_error(asio::use_awaitable, ec));
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
  co_await asio::async_write(stream, asio::buffer(answer),
                             asio::redirect_error(asio::use_awaitable, ec));
}

}  // namespace homeostat::testing
