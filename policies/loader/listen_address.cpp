// SPDX-License-Identifier: Apache-2.0
#include "policies/loader/listen_address.hpp"

#include <arpa/inet.h>

#include <cstdint>

#include "policies/loader/scalars.hpp"

namespace homeostat::loader {

std::optional<ListenAddress> parse_listen_address(std::string_view text) {
  constexpr std::int64_t kLastPort = 65535;
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = parse_integer(text.substr(colon + 1));
  auto host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return std::nullopt;  // an IPv6 address without brackets: where does the port begin?
  }
  if (host.empty() || !port || *port < 0 || *port > kLastPort) return std::nullopt;
  return ListenAddress{std::string(host), static_cast<int>(*port)};
}

bool is_loopback(const std::string& host) {
  if (host == "localhost") return true;
  in_addr v4{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24U) == 127;
  in6_addr v6{};
  return inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

}  // namespace homeostat::loader
