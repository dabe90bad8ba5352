// SPDX-License-Identifier: Apache-2.0
#include "controller/transport/notify_socket.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace homeostat {
namespace {

std::optional<std::int64_t> integer(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  std::int64_t number = 0;
  const char* end = text->data() + text->size();
  const auto [stopped, ec] = std::from_chars(text->data(), end, number);
  if (ec != std::errc{} || stopped != end) return std::nullopt;
  return number;
}

/// A line break in a status would start another assignment of the protocol.
std::string status_line(std::string_view text) {
  std::string line = "STATUS=" + std::string(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

}  // namespace

NotifySocket::NotifySocket(const Environment& environment, int own_pid) {
  const auto microseconds = integer(environment("WATCHDOG_USEC"));
  const auto pid = environment("WATCHDOG_PID");
  const bool ours = !pid || integer(pid) == own_pid;
  if (microseconds && *microseconds > 0 && ours) watchdog_interval_ = Duration{*microseconds / 2};

  const auto address = environment("NOTIFY_SOCKET");
  const bool usable = address && address->size() > 1 && (*address)[0] != '\0' &&
                      address->size() < sizeof(sockaddr_un::sun_path) &&
                      ((*address)[0] == '/' || (*address)[0] == '@');
  if (!usable) return;
  address_ = *address;
  if (address_[0] == '@') address_[0] = '\0';
  socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

NotifySocket::~NotifySocket() {
  if (socket_ >= 0) ::close(socket_);
}

bool NotifySocket::ready(std::string_view text) { return send("READY=1\n" + status_line(text)); }
bool NotifySocket::reloading(std::string_view text) {
  return send("RELOADING=1\n" + status_line(text));
}
bool NotifySocket::stopping(std::string_view text) {
  return send("STOPPING=1\n" + status_line(text));
}
bool NotifySocket::status(std::string_view text) { return send(status_line(text)); }
bool NotifySocket::watchdog() { return send("WATCHDOG=1"); }

bool NotifySocket::send(const std::string& message) {
  if (socket_ < 0) return false;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, address_.data(), address_.size());
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
  const auto sent = ::sendto(socket_, message.data(), message.size(), MSG_NOSIGNAL,
                             reinterpret_cast<const sockaddr*>(&address), length);
  return sent == static_cast<ssize_t>(message.size());
}

}  // namespace homeostat
