// SPDX-License-Identifier: Apache-2.0
// One running supervisor with everything it owns: connections, journal, HTTP, alerts. A reload that
// needs other connections ends one Daemon and starts the next in the same process.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>

#include "controller/cli/setup.hpp"
#include "controller/ports/clock.hpp"
#include "policies/model/error.hpp"

namespace spdlog {
class logger;
}

namespace homeostat {

class Daemon {
 public:
  /// Opens the journal and binds the HTTP port: what can fail fails here, in one line. `clock` and
  /// `log` must outlive it; `heartbeat` is called after every step.
  static Result<std::unique_ptr<Daemon>> start(boost::asio::io_context& io, const Setup& setup,
                                               const Clock& clock, spdlog::logger& log,
                                               std::function<void()> heartbeat);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  /// Until request_stop(); returns when everything has ended in order.
  boost::asio::awaitable<void> run();

  /// Ends for good, as `on_exit` says.
  void request_stop();

  /// Ends for a successor in this process. Levers stand when it acts on the same ledger, and are
  /// reverted when it does not: nobody would look after them.
  void make_way(const Setup& successor);

  /// REQUIRES: replaceable() from the configuration it runs with.
  void replace(const Setup& setup);
  void set_reload_error(std::string error);

  int http_port() const;

 private:
  struct Impl;
  explicit Daemon(std::unique_ptr<Impl> impl);
  boost::asio::awaitable<void> supervise();
  std::unique_ptr<Impl> impl_;
};

}  // namespace homeostat
