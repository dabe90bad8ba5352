// SPDX-License-Identifier: Apache-2.0
#include "controller/transport/url.hpp"

// Boost.URL has no library of its own in the packages we need: its sources are compiled here.
#include <boost/url/src.hpp>
#include <string>

namespace homeostat {
namespace {

namespace urls = boost::urls;

Error bad_url(const std::string& why) { return Error{ErrorCode::invalid_input, why, {}}; }

}  // namespace

Result<HttpUrl> parse_http_url(std::string_view text) {
  const auto parsed = urls::parse_uri(urls::string_view(text.data(), text.size()));
  if (!parsed.has_value()) return bad_url("not an absolute URL such as http://127.0.0.1:9093");
  const auto& url = *parsed;
  const bool tls = url.scheme_id() == urls::scheme::https;
  if (!tls && url.scheme_id() != urls::scheme::http) {
    return bad_url("a URL of " + std::string(url.scheme()) + "://, expected http:// or https://");
  }
  if (url.has_userinfo()) return bad_url("a URL with a user or password in it");
  if (url.host_address().empty()) return bad_url("a URL without a host");
  const std::string port(url.port());  // digits, by the grammar
  if (port.size() > 5 || (!port.empty() && std::stoi(port) > 65535)) {
    return bad_url("a URL without a usable port");
  }

  HttpUrl result;
  result.tls = tls;
  result.host = url.host_address();
  result.port = port.empty() ? (tls ? "443" : "80") : port;
  result.authority = std::string(url.encoded_host_and_port());
  result.target = std::string(url.encoded_path());
  if (result.target.empty()) result.target = "/";
  if (url.has_query()) result.target.append("?").append(std::string(url.encoded_query()));
  return result;
}

Result<RequestTarget> parse_request_target(std::string_view text) {
  const auto parsed = urls::parse_origin_form(urls::string_view(text.data(), text.size()));
  if (!parsed.has_value()) return bad_url("not a path");
  RequestTarget result;
  result.path = (*parsed).path();
  for (const auto& parameter : (*parsed).params()) {
    result.query.emplace(parameter.key, parameter.value);
  }
  return result;
}

}  // namespace homeostat
