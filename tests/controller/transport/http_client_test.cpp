// SPDX-License-Identifier: Apache-2.0
#include "controller/transport/http_client.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "tests/controller/transport/tls_peer.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/http_served.hpp"
#include "tests/support/scratch_directory.hpp"

namespace homeostat {
namespace {

using namespace testing;
using Catch::Matchers::Contains;

constexpr auto kPatience = std::chrono::seconds{30};  // waited out by a failing test only

/// A listener that says `bytes` to the first who comes and hangs up, or keeps silent.
struct Peer {
  Peer() : acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {}
  std::string url(const std::string& scheme = "http") const {
    return scheme + "://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()) + "/";
  }
  void will_say(std::string bytes) {
    const auto rethrow = [](std::exception_ptr failed) {
      if (failed) std::rethrow_exception(failed);
    };
    asio::co_spawn(io, say(std::move(bytes)), rethrow);
  }
  asio::awaitable<void> say(std::string bytes) {
    tcp::socket socket(io);
    co_await acceptor.async_accept(socket, asio::use_awaitable);
    boost::system::error_code ec;
    request.resize(4096);
    const auto got = co_await socket.async_read_some(asio::buffer(request),
                                                     asio::redirect_error(asio::use_awaitable, ec));
    request.resize(got);
    co_await asio::async_write(socket, asio::buffer(bytes),
                               asio::redirect_error(asio::use_awaitable, ec));
  }
  Result<HttpResponse> get() { return run_coroutine(io, http_get(url(), kPatience)); }

  asio::io_context io;
  tcp::acceptor acceptor;
  std::string request;
};

/// One https request to a server with a certificate for `name`.
Result<HttpResponse> get_tls(const std::string& name, bool trusted) {
  const auto identity = self_signed(name);
  const ScratchDirectory scratch;
  const auto ca = scratch.path() + "/ca.pem";
  std::ofstream(ca) << identity.certificate;
  Peer peer;
  const auto ignore = [](std::exception_ptr) {};
  asio::co_spawn(peer.io, answer_tls(peer.acceptor, identity), ignore);
  HttpCall call(peer.url("https"), kPatience);
  if (trusted) call.ca_file = ca;
  return run_coroutine(peer.io, http_call(call));
}

}  // namespace

TEST_CASE("a POST carries its body and says that it is JSON") {
  Peer peer;
  peer.will_say("HTTP/1.1 204 No Content\r\n\r\n");
  const auto response =
      run_coroutine(peer.io, http_post_json(peer.url() + "api/v2/alerts?x=1", "[1]", kPatience));
  REQUIRE(response.has_value());
  REQUIRE((*response).status == 204);
  REQUIRE_THAT(peer.request, Contains("POST /api/v2/alerts?x=1 HTTP/1.1\r\n"));
  REQUIRE_THAT(peer.request, Contains("Content-Type: application/json\r\n"));
  REQUIRE_THAT(peer.request, Contains("Content-Length: 3\r\n"));
  REQUIRE(peer.request.ends_with("\r\n\r\n[1]"));
}

TEST_CASE("a redirect is an answer, not a way to somewhere else") {
  Peer peer;
  peer.will_say("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
  const auto response = peer.get();
  REQUIRE(response.has_value());
  REQUIRE((*response).status == 302);
}

TEST_CASE("a server that accepts and keeps silent costs no more than the deadline") {
  Peer peer;
  const auto response = run_coroutine(peer.io, http_get(peer.url(), std::chrono::milliseconds{50}));
  REQUIRE_FALSE(response.has_value());
  REQUIRE(response.error().code == ErrorCode::timeout);
  REQUIRE_THAT(response.error().context, Contains("within 50 ms"));
}

TEST_CASE("a port where nobody listens is unavailable") {
  asio::io_context io;
  const auto url = "http://127.0.0.1:" + std::to_string(free_port());
  const auto response = run_coroutine(io, http_get(url, kPatience));
  REQUIRE_FALSE(response.has_value());
  REQUIRE(response.error().code == ErrorCode::unavailable);
}

TEST_CASE("a server that hangs up without an answer is unavailable") {
  Peer peer;
  peer.will_say("");
  const auto response = peer.get();
  REQUIRE_FALSE(response.has_value());
  REQUIRE(response.error().code == ErrorCode::unavailable);
}

TEST_CASE("an answer that is no HTTP, or breaks off, is a protocol error") {
  Peer peer;
  peer.will_say(GENERATE(as<std::string>{}, "SSH-2.0-OpenSSH_9.2\r\n\r\n",
                         "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"));
  const auto response = peer.get();
  REQUIRE_FALSE(response.has_value());
  REQUIRE(response.error().code == ErrorCode::protocol);
}

TEST_CASE("an answer beyond the size limit is refused, whether it says its length or not") {
  Peer peer;
  const std::string body(2000, 'x');
  peer.will_say(GENERATE_COPY(as<std::string>{},
                              "HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + body,
                              "HTTP/1.1 200 OK\r\n\r\n" + body));
  HttpCall call(peer.url(), kPatience);
  call.body_limit = 1000;
  const auto response = run_coroutine(peer.io, http_call(call));
  REQUIRE_FALSE(response.has_value());
  REQUIRE(response.error().code == ErrorCode::protocol);
  REQUIRE_THAT(response.error().context, Contains("1000 bytes"));
}

TEST_CASE("URLs that are none, carry a password, or are of another scheme are refused unsent") {
  asio::io_context io;
  const auto url = GENERATE(as<std::string>{}, "", "localhost:80", "ftp://127.0.0.1/",
                            "http://user:hunter2@127.0.0.1/", "http:///x", "http://h:99999/");
  const auto response = run_coroutine(io, http_get(url, kPatience));
  REQUIRE_FALSE(response.has_value());
  REQUIRE(response.error().code == ErrorCode::invalid_input);
  REQUIRE_THAT(response.error().context, !Contains("hunter2"));
}

TEST_CASE("https works with a certificate of a trusted authority for the right name") {
  const auto response = get_tls("IP:127.0.0.1", true);
  REQUIRE(response.has_value());
  REQUIRE((*response).body == "hello");
}

TEST_CASE("https refuses a certificate that nobody vouches for") {
  const auto response = get_tls("IP:127.0.0.1", false);
  REQUIRE_FALSE(response.has_value());
  REQUIRE(response.error().code == ErrorCode::unavailable);
  REQUIRE_THAT(response.error().context, Contains("certificate verify failed"));
}

TEST_CASE("https refuses a trusted certificate of another name") {
  const auto response = get_tls("DNS:other.example", true);
  REQUIRE_FALSE(response.has_value());
  REQUIRE_THAT(response.error().context, Contains("certificate verify failed"));
}

}  // namespace homeostat
