// SPDX-License-Identifier: Apache-2.0
#include "controller/transport/http_server.hpp"

#include <boost/asio/steady_timer.hpp>
#include <catch2/catch.hpp>

#include "controller/transport/http_client.hpp"
#include "tests/support/http_served.hpp"

namespace homeostat {
namespace {

using namespace testing;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

constexpr auto kServerPatience = std::chrono::seconds{30};  // waited out by a failing test only
const std::string kClose = "Host: localhost\r\nConnection: close\r\n\r\n";

HttpAnswer echo(const HttpRequest& request) {
  HttpAnswer answer;
  answer.body = request.path + "|" + request.host;
  for (const auto& [name, value] : request.query) answer.body += "|" + name + "=" + value;
  return answer;
}

HttpLimits quick_header() {
  HttpLimits limits;
  limits.header_deadline = std::chrono::milliseconds{50};
  return limits;
}

}  // namespace

TEST_CASE("the handler sees path and query decoded, and the Host header") {
  Served served(echo);
  const auto url = served.url("/v1/a%20b?at=12%3A00&subject=node%2Fmain&at=2&flag");
  const auto response = run_coroutine(served.io, http_get(url, kServerPatience));
  REQUIRE(response.has_value());
  REQUIRE((*response).status == 200);
  REQUIRE((*response).content_type == "application/json");
  REQUIRE((*response).body == "/v1/a b|127.0.0.1:" + std::to_string(served.server->port()) +
                                  "|at=12:00|flag=|subject=node/main");
}

TEST_CASE("HEAD answers with the length of the body and no body") {
  Served served(echo);
  const auto text =
      run_coroutine(served.io, converse(served.endpoint(), "HEAD /four HTTP/1.1\r\n" + kClose));
  REQUIRE_THAT(text, StartsWith("HTTP/1.1 200"));
  REQUIRE_THAT(text, Contains("Content-Length: 15\r\n"));
  REQUIRE(text.ends_with("\r\n\r\n"));
}

TEST_CASE("every method that could change something is refused without asking the handler (H46)") {
  bool asked = false;
  const auto note = [&](const HttpRequest&) {
    asked = true;
    return HttpAnswer{};
  };
  Served served(note);
  const auto method =
      GENERATE(as<std::string>{}, "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW");
  const auto request = method + " / HTTP/1.1\r\nContent-Length: 2\r\n" + kClose + "{}";
  const auto text = run_coroutine(served.io, converse(served.endpoint(), request));
  REQUIRE_THAT(text, StartsWith("HTTP/1.1 405"));
  REQUIRE_THAT(text, Contains("Allow: GET, HEAD"));
  REQUIRE_FALSE(asked);
}

TEST_CASE("a client that says nothing is cut off after the header deadline (H47)") {
  Served served(echo, quick_header());
  const auto text = run_coroutine(served.io, converse(served.endpoint(), ""));
  REQUIRE(text.empty());
}

TEST_CASE("a client that sends its header byte by byte is cut off all the same (H47)") {
  Served served(echo, quick_header());
  const auto trickle = [](tcp::endpoint endpoint) -> asio::awaitable<std::size_t> {
    const auto executor = co_await asio::this_coro::executor;
    tcp::socket socket(executor);
    asio::steady_timer timer(executor);
    co_await socket.async_connect(endpoint, asio::use_awaitable);
    boost::system::error_code ec;
    std::size_t sent = 0;
    const std::string start = "GET / HTTP/1.1\r\nX: ";
    co_await asio::async_write(socket, asio::buffer(start),
                               asio::redirect_error(asio::use_awaitable, ec));
    while (!ec) {  // ends when the server has closed
      co_await asio::async_write(socket, asio::buffer("a", 1),
                                 asio::redirect_error(asio::use_awaitable, ec));
      ++sent;
      timer.expires_after(std::chrono::milliseconds{5});
      co_await timer.async_wait(asio::use_awaitable);
    }
    co_return sent;
  };
  const auto sent = run_coroutine(served.io, trickle(served.endpoint()));
  REQUIRE(sent > 1);
  REQUIRE(served.server->connections() == 0);
}

TEST_CASE("a header of more than 8 KiB gets 431 (H47)") {
  Served served(echo);
  const auto request = "GET / HTTP/1.1\r\nX: " + std::string(9000, 'x') + "\r\n" + kClose;
  const auto text = run_coroutine(served.io, converse(served.endpoint(), request));
  REQUIRE_THAT(text, StartsWith("HTTP/1.1 431"));
}

TEST_CASE("a header just below 8 KiB is answered") {
  Served served(echo);
  const auto request = "GET / HTTP/1.1\r\nX: " + std::string(8000, 'x') + "\r\n" + kClose;
  const auto text = run_coroutine(served.io, converse(served.endpoint(), request));
  REQUIRE_THAT(text, StartsWith("HTTP/1.1 200"));
}

TEST_CASE("a body of more than 64 KiB gets 413 (H47)") {
  Served served(echo);
  const auto request = "GET / HTTP/1.1\r\nContent-Length: 65537\r\n" + kClose;
  const auto text =
      run_coroutine(served.io, converse(served.endpoint(), request + std::string(65537, 'x')));
  REQUIRE_THAT(text, StartsWith("HTTP/1.1 413"));
}

TEST_CASE("what is no HTTP gets 400") {
  Served served(echo);
  const auto text =
      run_coroutine(served.io, converse(served.endpoint(), "\x16\x03\x01 hello\r\n\r\n"));
  REQUIRE_THAT(text, StartsWith("HTTP/1.1 400"));
}

TEST_CASE("what the handler throws becomes a 500 that says nothing of it") {
  const auto broken = [](const HttpRequest&) -> HttpAnswer { throw std::runtime_error("secret"); };
  Served served(broken);
  const auto response = run_coroutine(served.io, http_get(served.url("/"), kServerPatience));
  REQUIRE(response.has_value());
  REQUIRE((*response).status == 500);
  REQUIRE_THAT((*response).body, !Contains("secret"));
}

TEST_CASE("one connection carries several requests") {
  Served served(echo);
  const auto text = run_coroutine(served.io, converse(served.endpoint(),
                                                      "GET /one HTTP/1.1\r\nHost: a\r\n\r\n"
                                                      "GET /two HTTP/1.1\r\n" +
                                                          kClose));
  REQUIRE_THAT(text, Contains("/one|a"));
  REQUIRE_THAT(text, Contains("/two|localhost"));
}

TEST_CASE("a connection beyond the limit gets 503, and the place is free again afterwards (H47)") {
  HttpLimits limits;
  limits.connections = 1;
  Served served(echo, limits);
  const auto crowd = [&served](std::string& refused,
                               std::string& served_again) -> asio::awaitable<void> {
    tcp::socket first(served.io);
    co_await first.async_connect(served.endpoint(), asio::use_awaitable);
    while (served.server->connections() < 1) co_await asio::post(served.io, asio::use_awaitable);
    refused = co_await converse(served.endpoint(), "");
    first.close();
    while (served.server->connections() > 0) co_await asio::post(served.io, asio::use_awaitable);
    served_again = co_await converse(served.endpoint(), "GET / HTTP/1.1\r\n" + kClose);
  };
  std::string refused;
  std::string again;
  run_coroutine(served.io, crowd(refused, again));
  REQUIRE_THAT(refused, StartsWith("HTTP/1.1 503"));
  REQUIRE_THAT(again, StartsWith("HTTP/1.1 200"));
}

TEST_CASE("stop closes waiting connections, ends run and frees the port") {
  Served served(echo);
  const auto port = served.server->port();
  const auto visit = [&served](std::string& rest) -> asio::awaitable<void> {
    tcp::socket socket(served.io);
    co_await socket.async_connect(served.endpoint(), asio::use_awaitable);
    const std::string request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    co_await asio::async_write(socket, asio::buffer(request), asio::use_awaitable);
    char first = 0;
    co_await asio::async_read(socket, asio::buffer(&first, 1), asio::use_awaitable);
    served.server->stop();
    rest = co_await read_to_end(socket);
  };
  std::string rest;
  run_coroutine(served.io, visit(rest));
  while (!served.ended) served.io.run_one();
  REQUIRE_THAT(rest, Contains("/|a"));
  REQUIRE(served.server->connections() == 0);
  const auto again = HttpServer::listen(served.io.get_executor(), "127.0.0.1", port, echo);
  REQUIRE(again.has_value());
}

TEST_CASE("a port that is taken is one clear line") {
  Served served(echo);
  const auto port = served.server->port();
  const auto second = HttpServer::listen(served.io.get_executor(), "127.0.0.1", port, echo);
  REQUIRE_FALSE(second.has_value());
  REQUIRE(second.error().code == ErrorCode::unavailable);
  REQUIRE(second.error().context == "cannot listen on 127.0.0.1:" + std::to_string(port) +
                                        ": the port is taken by another program");
}

TEST_CASE("an address of another machine is refused before it is bound") {
  asio::io_context io;
  for (const std::string host : {"192.0.2.1", "no-such-host", "300.1.1.1"}) {
    const auto server = HttpServer::listen(io.get_executor(), host, 0, echo);
    REQUIRE_FALSE(server.has_value());
    REQUIRE(server.error().code == ErrorCode::invalid_input);
  }
}

}  // namespace homeostat
