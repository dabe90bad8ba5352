// SPDX-License-Identifier: Apache-2.0
#include "controller/transport/http_client.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "controller/transport/resolve.hpp"
#include "controller/transport/url.hpp"

namespace homeostat {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace ssl = asio::ssl;
using asio::ip::tcp;
using boost::system::error_code;
using Until = std::chrono::steady_clock::time_point;

Error failure(ErrorCode code, const HttpUrl& url, const std::string& what) {
  return Error{code, url.authority + ": " + what, {}};
}

Error failure(const error_code& ec, const HttpUrl& url, const HttpCall& call) {
  if (ec == beast::error::timeout) {
    const auto limit = std::chrono::duration_cast<std::chrono::milliseconds>(call.deadline);
    return failure(ErrorCode::timeout, url,
                   "no whole answer within " + std::to_string(limit.count()) + " ms");
  }
  if (ec == http::error::body_limit) {
    return failure(ErrorCode::protocol, url,
                   "an answer longer than " + std::to_string(call.body_limit) + " bytes");
  }
  if (ec == http::error::end_of_stream) {
    return failure(ErrorCode::unavailable, url, "closed the connection without an answer");
  }
  const bool not_http = ec.category() == make_error_code(http::error::bad_version).category();
  return failure(not_http ? ErrorCode::protocol : ErrorCode::unavailable, url, ec.message());
}

/// Sends and receives over a stream that is connected, within the deadline set on it.
template <class Stream>
asio::awaitable<error_code> exchange(Stream& stream, const HttpUrl& url, const HttpCall& call,
                                     HttpResponse& response) {
  http::request<http::string_body> request;
  request.method_string(call.method);
  request.target(url.target);
  request.version(11);
  request.set(http::field::host, url.authority);
  request.set(http::field::user_agent, "homeostat");
  request.set(http::field::accept, "*/*");
  request.keep_alive(false);
  if (!call.body.empty()) {
    request.set(http::field::content_type, call.content_type);
    request.body() = call.body;
  }
  request.prepare_payload();

  error_code ec;
  co_await http::async_write(stream, request, asio::redirect_error(asio::use_awaitable, ec));
  if (ec) co_return ec;
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(call.body_limit);
  parser.skip(call.method == "HEAD");
  co_await http::async_read(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, ec));
  if (ec) co_return ec;
  response.status = static_cast<int>(parser.get().result_int());
  response.content_type = std::string(parser.get()[http::field::content_type]);
  response.body = std::move(parser.get().body());
  co_return error_code{};
}

/// A context that trusts the system's authorities, or those of `ca_file`, and nobody else.
error_code trust(ssl::context& context, const std::string& ca_file) {
  error_code ec;
  context.set_verify_mode(ssl::verify_peer, ec);
  if (ec) return ec;
  if (ca_file.empty()) {
    context.set_default_verify_paths(ec);
  } else {
    context.load_verify_file(ca_file, ec);
  }
  if (SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION) != 1) {
    return make_error_code(asio::error::no_protocol_option);
  }
  return ec;
}

asio::awaitable<error_code> exchange_tls(beast::tcp_stream& plain, const HttpUrl& url,
                                         const HttpCall& call, HttpResponse& response) {
  ssl::context context(ssl::context::tls_client);
  error_code ec = trust(context, call.ca_file);
  if (ec) co_return ec;
  ssl::stream<beast::tcp_stream&> stream(plain, context);
  stream.set_verify_callback(ssl::host_name_verification(url.host), ec);
  if (ec) co_return ec;
  error_code not_literal;
  asio::ip::make_address(url.host, not_literal);
  // Server name indication is for names only (RFC 6066 §3).
  if (not_literal) SSL_set_tlsext_host_name(stream.native_handle(), url.host.c_str());
  co_await stream.async_handshake(ssl::stream_base::client,
                                  asio::redirect_error(asio::use_awaitable, ec));
  if (ec) co_return ec;
  ec = co_await exchange(stream, url, call, response);
  co_return ec;
}

}  // namespace

asio::awaitable<Result<HttpResponse>> http_call(HttpCall call) {
  const Until until = std::chrono::steady_clock::now() + call.deadline;
  const auto executor = co_await asio::this_coro::executor;
  const auto parsed = parse_http_url(call.url);
  if (!parsed.has_value()) co_return parsed.error();
  const HttpUrl& url = *parsed;

  const auto addresses = co_await resolve(executor, url.host, call.deadline);
  if (!addresses.has_value()) co_return addresses.error();
  const auto port = static_cast<unsigned short>(std::stoul(url.port));
  std::vector<tcp::endpoint> endpoints;
  for (const auto& address : *addresses) {
    endpoints.emplace_back(asio::ip::make_address(address), port);
  }

  // One deadline for all that follows: the stream's.
  beast::tcp_stream stream(executor);
  stream.expires_at(until);
  error_code ec;
  co_await stream.async_connect(endpoints, asio::redirect_error(asio::use_awaitable, ec));
  if (ec) co_return failure(ec, url, call);

  HttpResponse response;
  if (url.tls) {
    ec = co_await exchange_tls(stream, url, call, response);
  } else {
    ec = co_await exchange(stream, url, call, response);
  }
  if (ec) co_return failure(ec, url, call);
  error_code ignored;
  stream.socket().shutdown(tcp::socket::shutdown_both, ignored);
  co_return response;
}

asio::awaitable<Result<HttpResponse>> http_get(std::string url, Duration deadline) {
  HttpCall call(std::move(url), deadline);
  return http_call(std::move(call));
}

asio::awaitable<Result<HttpResponse>> http_post_json(std::string url, std::string body,
                                                     Duration deadline) {
  HttpCall call(std::move(url), deadline);
  call.method = "POST";
  call.body = std::move(body);
  return http_call(std::move(call));
}

}  // namespace homeostat
