// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

namespace homeostat::testing {

/// The service manager's end of sd_notify(3): a datagram socket that keeps what it is sent until it
/// is read. The kernel may queue no more than ten messages; senders that do not block lose the
/// rest.
class ServiceManager {
 public:
  /// Binds to `path`, which is abstract when it begins with NUL. Throws std::runtime_error.
  explicit ServiceManager(const std::string& path);
  ~ServiceManager();
  ServiceManager(const ServiceManager&) = delete;
  ServiceManager& operator=(const ServiceManager&) = delete;

  /// The next message that has arrived, whole; nothing when there is none. Does not wait.
  std::optional<std::string> next() const;

 private:
  int socket_;
};

}  // namespace homeostat::testing
