// SPDX-License-Identifier: Apache-2.0
#include "controller/transport/http_server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <exception>
#include <iterator>
#include <list>
#include <string_view>
#include <utility>

#include "controller/transport/http_connection.hpp"

namespace homeostat {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::string_view kFull =
    "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

std::string place(const std::string& host, int port) {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

/// Says that there is no room, if the socket takes it at once, and closes.
void turn_away(tcp::socket socket) {
  error_code ignored;
  socket.non_blocking(true, ignored);
  socket.write_some(asio::buffer(kFull), ignored);
  socket.shutdown(tcp::socket::shutdown_both, ignored);
}

}  // namespace

struct HttpServer::Impl {
  Impl(asio::any_io_executor server_executor, HttpHandler server_handler, HttpLimits server_limits)
      : executor(server_executor),
        acceptor(server_executor),
        pause(server_executor),
        handler(std::move(server_handler)),
        limits(server_limits) {}

  asio::any_io_executor executor;
  tcp::acceptor acceptor;
  asio::steady_timer pause;  ///< woken when a connection ends or stop() is called
  HttpHandler handler;
  HttpLimits limits;
  std::list<HttpConnection> open;
  bool stopping = false;
};

HttpServer::HttpServer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;

Result<std::unique_ptr<HttpServer>> HttpServer::listen(asio::any_io_executor executor,
                                                       const std::string& host, int port,
                                                       HttpHandler handler, HttpLimits limits) {
  const auto failed = [&](ErrorCode code, const std::string& why) {
    return Error{code, "cannot listen on " + place(host, port) + ": " + why, {}};
  };
  error_code ec;
  const auto address = asio::ip::make_address(host == "localhost" ? "127.0.0.1" : host, ec);
  if (ec) return failed(ErrorCode::invalid_input, "not an address of this machine");
  if (port < 0 || port > 65535) return failed(ErrorCode::invalid_input, "no such port");
  const tcp::endpoint endpoint(address, static_cast<unsigned short>(port));

  auto impl = std::make_shared<Impl>(executor, std::move(handler), limits);
  impl->acceptor.open(endpoint.protocol(), ec);
  if (!ec) impl->acceptor.set_option(tcp::acceptor::reuse_address(true), ec);
  if (!ec) impl->acceptor.bind(endpoint, ec);
  if (!ec) impl->acceptor.listen(limits.connections, ec);
  if (ec == asio::error::address_in_use) {
    return failed(ErrorCode::unavailable, "the port is taken by another program");
  }
  if (ec == error_code(EADDRNOTAVAIL, boost::system::system_category())) {
    return failed(ErrorCode::invalid_input, "not an address of this machine");
  }
  if (ec) return failed(ErrorCode::unavailable, ec.message());
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

int HttpServer::port() const {
  error_code ec;
  return impl_->acceptor.local_endpoint(ec).port();
}

int HttpServer::connections() const { return static_cast<int>(impl_->open.size()); }

asio::awaitable<void> HttpServer::run() {
  const auto impl = impl_;  // outlives the HttpServer while connections do
  error_code ec;
  while (!impl->stopping) {
    tcp::socket socket(impl->executor);
    co_await impl->acceptor.async_accept(socket, asio::redirect_error(asio::use_awaitable, ec));
    if (impl->stopping) break;
    if (ec) {
      // Out of descriptors, most likely: trying again at once would spin.
      impl->pause.expires_after(std::chrono::milliseconds{100});
      co_await impl->pause.async_wait(asio::redirect_error(asio::use_awaitable, ec));
      continue;
    }
    if (static_cast<int>(impl->open.size()) >= impl->limits.connections) {
      turn_away(std::move(socket));
      continue;
    }
    impl->open.emplace_back(std::move(socket), impl->handler, impl->limits);
    const auto connection = std::prev(impl->open.end());
    auto ended = [impl, connection](std::exception_ptr failed) {
      impl->open.erase(connection);
      impl->pause.cancel();
      if (failed) std::rethrow_exception(failed);
    };
    asio::co_spawn(impl->executor, connection->run(), std::move(ended));
  }
  while (!impl->open.empty()) {
    impl->pause.expires_at(asio::steady_timer::time_point::max());
    co_await impl->pause.async_wait(asio::redirect_error(asio::use_awaitable, ec));
  }
}

void HttpServer::stop() {
  impl_->stopping = true;
  error_code ignored;
  impl_->acceptor.close(ignored);
  impl_->pause.cancel();
  for (auto& connection : impl_->open) connection.close_when_idle();
}

}  // namespace homeostat
