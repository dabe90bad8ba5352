// SPDX-License-Identifier: Apache-2.0
#include "controller/transport/http_connection.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <optional>
#include <utility>

#include "controller/transport/url.hpp"

namespace homeostat {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;

HttpAnswer plain(int status, std::string line) {
  HttpAnswer answer;
  answer.status = status;
  answer.content_type = "text/plain; charset=utf-8";
  answer.body = std::move(line) + "\n";
  return answer;
}

/// What to tell a client whose request cannot be read; nothing when it is gone or was too slow.
std::optional<HttpAnswer> refusal(const error_code& ec) {
  if (ec == http::error::header_limit || ec == http::error::buffer_overflow) {
    return plain(431, "header too long");
  }
  if (ec == http::error::body_limit) return plain(413, "body too long");
  const bool gone = ec == http::error::end_of_stream || ec == http::error::partial_message;
  const bool not_http = ec.category() == make_error_code(http::error::bad_version).category();
  if (not_http && !gone) return plain(400, "not a request that can be read");
  return std::nullopt;
}

HttpAnswer ask(const HttpHandler& handler, const HttpRequest& request) {
  try {
    return handler(request);
  } catch (const std::exception&) {
    return plain(500, "internal error");
  }
}

}  // namespace

HttpConnection::HttpConnection(tcp::socket socket, const HttpHandler& handler,
                               const HttpLimits& limits)
    : stream_(std::move(socket)),
      buffer_(limits.header_bytes + limits.body_bytes),
      handler_(handler),
      limits_(limits) {}

void HttpConnection::close_when_idle() {
  closing_ = true;
  if (idle_) stream_.close();
}

asio::awaitable<void> HttpConnection::run() {
  bool first = true;
  while (!closing_) {
    const Next next = co_await serve_one(first);
    first = false;
    if (next == Next::close) break;
  }
  error_code ignored;
  stream_.socket().shutdown(tcp::socket::shutdown_both, ignored);
  stream_.close();
}

asio::awaitable<HttpConnection::Next> HttpConnection::serve_one(bool first) {
  error_code ec;
  idle_ = true;
  if (!first && buffer_.size() == 0) {
    // Between requests a client may take its time; from the first byte on the clock runs.
    stream_.expires_after(limits_.idle);
    const std::size_t got = co_await stream_.async_read_some(
        buffer_.prepare(1024), asio::redirect_error(asio::use_awaitable, ec));
    if (ec) co_return Next::close;
    buffer_.commit(got);
  }
  http::request_parser<http::string_body> parser;
  parser.header_limit(static_cast<std::uint32_t>(limits_.header_bytes));
  parser.body_limit(limits_.body_bytes);
  stream_.expires_after(limits_.header_deadline);
  co_await http::async_read_header(stream_, buffer_, parser,
                                   asio::redirect_error(asio::use_awaitable, ec));
  idle_ = false;
  const auto method = parser.get().method();
  const bool head = method == http::verb::head;
  if (!ec && !head && method != http::verb::get) {
    // Said before the body is read: nothing here is changed by HTTP (H46).
    HttpAnswer answer = plain(405, "only GET and HEAD");
    answer.headers.emplace_back("Allow", "GET, HEAD");
    co_return co_await send(std::move(answer), true, false);
  }
  if (!ec && !parser.is_done()) {
    stream_.expires_after(limits_.body_deadline);
    co_await http::async_read(stream_, buffer_, parser,
                              asio::redirect_error(asio::use_awaitable, ec));
  }
  if (ec) {
    auto answer = refusal(ec);
    if (!answer) co_return Next::close;
    co_return co_await send(std::move(*answer), true, false);
  }

  const auto target = parse_request_target(parser.get().target());
  if (!target.has_value()) {
    HttpAnswer answer = plain(400, "not a path that can be read");
    co_return co_await send(std::move(answer), !head, false);
  }
  HttpRequest request;
  request.path = (*target).path;
  request.query = (*target).query;
  request.host = std::string(parser.get()[http::field::host]);
  HttpAnswer answer = ask(handler_, request);
  const bool keep_alive = parser.get().keep_alive() && !closing_;
  co_return co_await send(std::move(answer), !head, keep_alive);
}

asio::awaitable<HttpConnection::Next> HttpConnection::send(HttpAnswer answer, bool body,
                                                           bool keep_alive) {
  http::response<http::string_body> response;
  response.version(11);
  response.result(static_cast<unsigned>(answer.status));
  response.set(http::field::content_type, answer.content_type);
  for (const auto& [name, value] : answer.headers) response.set(name, value);
  response.content_length(answer.body.size());
  response.keep_alive(keep_alive);
  if (body) response.body() = std::move(answer.body);

  error_code ec;
  stream_.expires_after(limits_.answer_deadline);
  if (body) {
    co_await http::async_write(stream_, response, asio::redirect_error(asio::use_awaitable, ec));
  } else {
    http::response_serializer<http::string_body> serializer(response);
    co_await http::async_write_header(stream_, serializer,
                                      asio::redirect_error(asio::use_awaitable, ec));
  }
  if (ec) co_return Next::close;
  if (keep_alive) co_return Next::read;
  co_await linger();
  co_return Next::close;
}

asio::awaitable<void> HttpConnection::linger() {
  // Closing with bytes unread makes the kernel send a reset, which can overtake the answer: take
  // what still comes, within the limits, and throw it away.
  error_code ec;
  stream_.socket().shutdown(tcp::socket::shutdown_send, ec);
  stream_.expires_after(std::chrono::seconds{1});
  std::size_t taken = 0;
  while (!ec && taken < limits_.body_bytes) {
    buffer_.clear();
    const std::size_t got = co_await stream_.async_read_some(
        buffer_.prepare(4096), asio::redirect_error(asio::use_awaitable, ec));
    taken += got;
  }
}

}  // namespace homeostat
