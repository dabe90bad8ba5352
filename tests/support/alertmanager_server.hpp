// SPDX-License-Identifier: Apache-2.0
// A stock Alertmanager on free ports of 127.0.0.1, for as long as the object lives.
#pragma once

#include <memory>
#include <string>

#include "tests/support/child_process.hpp"
#include "tests/support/scratch_directory.hpp"

namespace homeostat::testing {

class AlertmanagerServer {
 public:
  /// Starts it and waits until it is ready. Throws std::runtime_error with the end of its log.
  /// `webhook`: where it sends notifications, at once; empty: nowhere.
  explicit AlertmanagerServer(const std::string& webhook = {});
  ~AlertmanagerServer();
  AlertmanagerServer(const AlertmanagerServer&) = delete;
  AlertmanagerServer& operator=(const AlertmanagerServer&) = delete;

  /// `http://127.0.0.1:PORT`
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  /// Body of GET /api/v2/alerts: what fires now. Blocks.
  std::string alerts() const;

  void freeze() const;  ///< SIGSTOP
  void thaw() const;    ///< SIGCONT
  void kill();          ///< SIGKILL, and gone
  /// Started anew on the same port, without a memory of what it was told.
  void restart();

 private:
  void start();

  ScratchDirectory scratch_;
  int port_;
  int starts_ = 0;
  ChildProcess process_;
};

/// Whether Debian's prometheus-alertmanager is installed.
bool alertmanager_installed();

}  // namespace homeostat::testing
