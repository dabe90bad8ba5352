// SPDX-License-Identifier: Apache-2.0
// URLs, as far as the HTTP client and server need them. Boost.URL does the parsing.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "policies/model/error.hpp"

namespace homeostat {

/// An absolute http:// or https:// URL, taken apart.
struct HttpUrl {
  bool tls = false;
  std::string host;       ///< decoded; an IPv6 address without its brackets
  std::string port;       ///< digits; the scheme's default when not given
  std::string authority;  ///< for the Host header: host, and the port when given
  std::string target;     ///< path and query as sent: `/api/v2/alerts`
};

/// Error invalid_input for other schemes, a missing host, and a user or password in the URL, which
/// would find its way into logs.
Result<HttpUrl> parse_http_url(std::string_view text);

/// What a request line asks for, decoded.
struct RequestTarget {
  std::string path;
  std::map<std::string, std::string> query;  ///< the first of a repeated name counts
};

/// Of the origin form, `/v1/acts?limit=5`. Error invalid_input otherwise.
Result<RequestTarget> parse_request_target(std::string_view text);

}  // namespace homeostat
