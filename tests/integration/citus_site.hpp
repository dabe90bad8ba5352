// SPDX-License-Identifier: Apache-2.0
// A Citus cluster with the daemon beside it, as an operator sets both up.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "tests/support/child_process.hpp"
#include "tests/support/citus_cluster.hpp"
#include "tests/support/scratch_directory.hpp"

namespace homeostat::testing {

/// What its configuration says beyond nodes, ledger and files.
struct CitusSetup {
  std::string policies;  ///< a path or pattern
  int speed_up = 10;
  std::string citus = {};      ///< lines of the section, under `coordinator`
  std::string inventory = {};  ///< lines of the section
};

/// A coordinator, which has the ledger, and three workers.
class CitusSite {
  ScratchDirectory scratch_;  // before the daemon, which writes there until it ends

 public:
  /// Roles and the schema; throws std::runtime_error when a command fails.
  void prepare(const CitusSetup& setup);
  /// REQUIRES: prepare().
  void start();
  /// Ends it as systemd does; its exit status, nothing when it does not end.
  std::optional<int> stop();

  const std::string& config() const { return config_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(http_port_); }
  std::string log() const { return scratch_.path() + "/daemon.log"; }

  CitusCluster cluster;
  std::unique_ptr<ChildProcess> daemon;

 private:
  int http_port_ = free_port();
  std::string config_ = scratch_.path() + "/homeostat.yaml";
};

/// Every policy that is shipped to be loaded.
std::string recommended_policies();

}  // namespace homeostat::testing
