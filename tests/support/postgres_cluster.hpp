// SPDX-License-Identifier: Apache-2.0
// A throw-away PostgreSQL server for one test.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controller/transport/pg_session.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/scratch_directory.hpp"

namespace homeostat::testing {

/// Directory with `postgres` and `initdb`: HOMEOSTAT_TEST_PG_BIN, otherwise the newest that
/// Debian's packages have installed. Throws std::runtime_error when there is none.
std::string postgres_binaries();

/// Settings of postgresql.conf by name, unquoted: {"max_connections", "20"}.
using Settings = std::map<std::string, std::string>;

/// A server with its own cluster: a free port of 127.0.0.1, a Unix socket, fsync off, superuser
/// `postgres`. Everybody is trusted, except roles made by create_role() with a password. Runs as
/// `postgres` when the test is root. It ends, with its files, with this object or with the test.
/// Every member throws std::runtime_error when the server does not do as told.
class PostgresCluster {
 public:
  explicit PostgresCluster(Settings settings = {});
  ~PostgresCluster();
  PostgresCluster(const PostgresCluster&) = delete;
  PostgresCluster& operator=(const PostgresCluster&) = delete;

  int port() const { return port_; }
  pid_t pid() const { return server_.pid(); }  ///< of the postmaster; 0 when stopped
  int version() const { return version_; }     ///< major: 15
  std::string socket_directory() const { return scratch_.path(); }

  /// A role over TCP (sslmode disable), with its password file when it has one.
  pg::Address address(const std::string& role = "postgres",
                      const std::string& dbname = "postgres") const;
  pg::Address socket_address(const std::string& role = "postgres",
                             const std::string& dbname = "postgres") const;

  /// As the superuser, in a session of its own: any number of statements; the first value of the
  /// last result.
  std::string sql(const std::string& statements, const std::string& dbname = "postgres") const;

  /// CREATE ROLE name LOGIN attributes. With a password, TCP logins need it (scram-sha-256).
  void create_role(const std::string& name, const std::string& attributes = {},
                   const std::string& password = {});

  void start();
  void stop();  ///< fast shutdown
  void restart();
  /// Another cluster, empty, with a system identifier of its own, serves the same port afterwards.
  void replace();
  void reload(const std::string& setting, const std::string& value);
  void kill_server();  ///< kill -9 of the postmaster; on return nothing of it is left

  /// SIGSTOP to the postmaster and all its children: sockets stay open, nothing answers.
  void freeze();
  void thaw();

  /// The last lines of the server's log.
  std::string log_tail() const;

  /// Writes a file only its owner can read, for passwords and the like; returns its path.
  std::string secret_file(const std::string& name, const std::string& text) const;

 private:
  void furnish();
  void start_once();
  std::vector<std::string> command() const;

  Settings settings_;
  ScratchDirectory scratch_;
  std::map<std::string, std::string> password_files_;  ///< by role
  int port_ = 0;
  int version_ = 0;
  ChildProcess server_;
  std::vector<pid_t> frozen_;
};

}  // namespace homeostat::testing
