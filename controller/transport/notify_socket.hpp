// SPDX-License-Identifier: Apache-2.0
// The service manager's notification protocol, sd_notify(3), by hand: a datagram to a socket.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "policies/model/time.hpp"

namespace homeostat {

/// Looks a name up in the process's environment (std::getenv in the wiring).
using Environment = std::function<std::optional<std::string>(std::string_view name)>;

class NotifySocket {
 public:
  /// Takes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID from `environment`; `own_pid` is compared
  /// with the last. Without NOTIFY_SOCKET every message goes nowhere.
  NotifySocket(const Environment& environment, int own_pid);
  ~NotifySocket();
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;

  // All return whether the manager took the message; none of them blocks.

  /// Start-up or a reload is over, also when the reload was refused: `status` says so.
  bool ready(std::string_view status);
  bool reloading(std::string_view status);
  bool stopping(std::string_view status);
  /// One line for people, in `systemctl status`.
  bool status(std::string_view status);
  /// Alive. To be sent from the loop that does the work, never from a timer of its own.
  bool watchdog();

  /// How often watchdog() is due: half of WATCHDOG_USEC. Nothing when no watchdog waits for us.
  std::optional<Duration> watchdog_interval() const { return watchdog_interval_; }

 private:
  bool send(const std::string& message);

  int socket_ = -1;
  std::string address_;  ///< with a leading NUL when abstract
  std::optional<Duration> watchdog_interval_;
};

}  // namespace homeostat
