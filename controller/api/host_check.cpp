// SPDX-License-Identifier: Apache-2.0
#include "controller/api/host_check.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <optional>

namespace homeostat {
namespace {

using boost::asio::ip::address;

/// Without the port and the brackets of an IPv6 address, in lower case.
std::string bare(std::string_view host) {
  std::string text;
  if (host.starts_with('[')) {
    const auto end = host.find(']');
    const bool port_follows = end != host.npos && host.substr(end + 1).starts_with(':');
    if (end + 1 == host.size() || port_follows) text = host.substr(1, end - 1);
  } else if (std::count(host.begin(), host.end(), ':') > 1) {
    text = host;  // an IPv6 address as configurations write it
  } else {
    text = host.substr(0, host.find(':'));
  }
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

std::optional<address> literal(const std::string& text) {
  boost::system::error_code ec;
  const auto parsed = boost::asio::ip::make_address(text, ec);
  return ec ? std::nullopt : std::optional(parsed);
}

}  // namespace

bool host_allowed(std::string_view host_header, const std::string& listen_host) {
  const std::string host = bare(host_header);
  if (host.empty()) return false;
  const std::string listen = bare(listen_host);
  if (host == "localhost" || host == listen) return true;
  const auto asked = literal(host);
  if (!asked) return false;
  const auto own = literal(listen);
  return asked->is_loopback() || (own && (own->is_unspecified() || *own == *asked));
}

}  // namespace homeostat
