// SPDX-License-Identifier: Apache-2.0
// One HTTP request, whole: resolve, connect, TLS, send, receive, close. Follows no redirect, keeps
// no connection, retries nothing.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <string>
#include <utility>

#include "policies/model/error.hpp"
#include "policies/model/time.hpp"

namespace homeostat {

struct HttpResponse {
  int status = 0;
  std::string content_type;
  std::string body;
};

/// What to ask. `url` is http:// or https://, without user or password in it.
struct HttpCall {
  HttpCall(std::string request_url, Duration whole_deadline)
      : url(std::move(request_url)), deadline(whole_deadline) {}

  std::string url;
  Duration deadline;  ///< for everything together, from the call
  std::string method = "GET";
  std::string body = {};  ///< sent when not empty
  std::string content_type = "application/json";
  std::size_t body_limit = 8 * 1024 * 1024;  ///< bytes; a longer answer is an Error `protocol`
  std::string ca_file = {};  ///< PEM; empty: the system's authorities (or $SSL_CERT_FILE)
};

/// Any status that was received whole is a value, 404 and 500 too. Errors: invalid_input (the
/// URL), not_found (the host's name), unavailable (no connection, or it broke, or the certificate
/// was refused), timeout, protocol (not HTTP, or too long). https:// verifies the peer's
/// certificate and its name.
boost::asio::awaitable<Result<HttpResponse>> http_call(HttpCall call);

boost::asio::awaitable<Result<HttpResponse>> http_get(std::string url, Duration deadline);

/// POST with Content-Type application/json.
boost::asio::awaitable<Result<HttpResponse>> http_post_json(std::string url, std::string body,
                                                            Duration deadline);

}  // namespace homeostat
