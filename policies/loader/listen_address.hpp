// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace homeostat::loader {

struct ListenAddress {
  std::string host;  ///< without the brackets of an IPv6 address
  int port = 0;
};

/// `127.0.0.1:9780`, `[::1]:9780`, `localhost:9780`; nothing when it is not HOST:PORT.
std::optional<ListenAddress> parse_listen_address(std::string_view text);

/// 127.0.0.0/8, ::1 or `localhost`.
bool is_loopback(const std::string& host);

}  // namespace homeostat::loader
