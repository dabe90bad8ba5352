// SPDX-License-Identifier: Apache-2.0
// A real PgBouncer on a free port of 127.0.0.1, for as long as the object lives.
#pragma once

#include <string>

#include "controller/transport/pg_session.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/postgres_cluster.hpp"
#include "tests/support/scratch_directory.hpp"

namespace homeostat::testing {

/// Lets in the roles of ours and `postgres`, without passwords; every database leads to the server
/// behind it. Runs as `postgres` when the test is root, for it refuses to be root.
class PgBouncerServer {
 public:
  /// Starts it and waits until it answers. Throws std::runtime_error with the end of its log.
  /// `settings`: more lines for the section [pgbouncer]. By itself it refuses, as installed, the
  /// start-up options that our sessions send; with kIgnoresOptions it drops them.
  explicit PgBouncerServer(const PostgresCluster& behind, const std::string& settings = {});

  int port() const { return port_; }
  pg::Address address(const std::string& role, const std::string& dbname = "postgres") const;

  /// From now on another server stands behind it; sessions with the old one end when they are idle.
  void point_to(const PostgresCluster& behind);

  /// Kills it, and starts it anew on the same port.
  void restart();

  /// A command of the administration console: `PAUSE`, `RESUME`.
  void command(const std::string& command) const;

  /// default_pool_size, as SHOW CONFIG has it; throws std::runtime_error when it does not answer.
  int default_pool_size() const;

 private:
  void start();
  void write_configuration(const PostgresCluster& behind) const;

  ScratchDirectory scratch_;
  std::string settings_;
  int port_;
  ChildProcess process_;
};

inline constexpr const char* kIgnoresOptions = "ignore_startup_parameters = options\n";

}  // namespace homeostat::testing
