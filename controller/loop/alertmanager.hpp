// SPDX-License-Identifier: Apache-2.0
// Alerts to every Alertmanager (API v2), each with a state of its own: one that is dead or slow
// delays neither the others nor the loop (H38).
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "controller/ports/alert_sink.hpp"
#include "controller/ports/clock.hpp"

namespace homeostat {

/// The numbers are Prometheus' own (rules/alerting.go, notifier/), for a 30 s tick.
struct AlertmanagerSettings {
  Duration timeout = std::chrono::seconds{5};       ///< of one request
  Duration resend = std::chrono::seconds{60};       ///< of what an instance already has
  Duration valid = std::chrono::minutes{4};         ///< endsAt of an active alert, from now
  Duration resolved_for = std::chrono::minutes{5};  ///< how long an end is repeated
  Duration first_retry = std::chrono::seconds{1};   ///< after a failure; doubles up to
  Duration longest_retry = std::chrono::seconds{30};
  std::size_t batch = 256;       ///< alerts in one request
  std::size_t capacity = 10000;  ///< alerts kept, active or ended; the oldest ended go first
};

/// An alert is sent to each instance at once, again every `resend` while it is active, and its end
/// at once and again for `resolved_for` (the instance may have restarted). Each request carries the
/// alerts as they stand when it is made: there is no queue that could grow stale.
class Alertmanager : public AlertSink {
 public:
  /// `urls`: of the instances, without `/api/v2/alerts`. `clock` must outlive it.
  Alertmanager(boost::asio::any_io_executor executor, const Clock& clock,
               std::vector<std::string> urls, AlertmanagerSettings settings = {});
  ~Alertmanager() override;

  /// What is active now; what was and is missing here is resolved. An alert that goes on keeps the
  /// start it was first published with. Returns at once.
  void publish(std::vector<Alert> active, WallTime now) override;

  /// Sends until stop(). REQUIRES: called once.
  [[nodiscard]] boost::asio::awaitable<void> run();

  /// Sends what has not been sent yet, for at most `deadline`, and ends run(). To resolve what is
  /// active, publish nothing first.
  [[nodiscard]] boost::asio::awaitable<void> stop(Duration deadline);

  /// Requests that failed or were refused, and alerts dropped for want of room, by instance.
  std::map<std::string, std::uint64_t> failures() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace homeostat
