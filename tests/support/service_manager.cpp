// SPDX-License-Identifier: Apache-2.0
#include "tests/support/service_manager.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <stdexcept>

namespace homeostat::testing {

ServiceManager::ServiceManager(const std::string& path)
    : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  if (::bind(socket_, reinterpret_cast<const sockaddr*>(&address), size) == 0) return;
  ::close(socket_);
  throw std::runtime_error("cannot bind " + path);
}

ServiceManager::~ServiceManager() { ::close(socket_); }

std::optional<std::string> ServiceManager::next() const {
  std::array<char, 4096> bytes{};
  const auto size = ::recv(socket_, bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (size < 0) return std::nullopt;
  return std::string(bytes.data(), static_cast<std::size_t>(size));
}

}  // namespace homeostat::testing
