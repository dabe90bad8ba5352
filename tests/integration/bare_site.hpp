// SPDX-License-Identifier: Apache-2.0
// Somebody's own PostgreSQL, on which nothing of ours stands yet, and the steps from there.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "tests/integration/binary.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/postgres_cluster.hpp"
#include "tests/support/scratch_directory.hpp"

namespace homeostat::testing {

class BareSite {
 public:
  /// Starts the server.
  BareSite();

  PostgresCluster& postgres() { return postgres_; }
  std::string path(const std::string& name) const { return scratch_.path() + "/" + name; }
  std::string config_path() const { return path("homeostat.yaml"); }

  /// `homeostat grants` with these flags, and what it prints as the server's superuser.
  void grant(const std::vector<std::string>& flags);

  /// The recommended policies on one node at `port`, sampled ten times as fast.
  void watch(int port);
  /// As watch(), with the ledger on it and mode_ceiling enforce.
  void act(int port);

  /// The blocked ratio that is sampled from now on, in place of the server's.
  void inject(int blocked, int open);

  /// Starts the daemon with the last configuration and waits until it answers.
  void start_daemon();
  void stop_daemon();  ///< SIGTERM, and until it has ended
  nlohmann::json status() const;
  std::string url() const { return "http://127.0.0.1:" + std::to_string(http_port_); }

 private:
  void write_config(int port, const std::string& ceiling, const std::string& ledger);

  ScratchDirectory scratch_;
  PostgresCluster postgres_;
  int http_port_ = free_port();
  ChildProcess daemon_;
};

}  // namespace homeostat::testing
