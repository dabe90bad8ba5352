// SPDX-License-Identifier: Apache-2.0
// A whole installation for one test: a real PostgreSQL with our schema, a configuration, and the
// real `homeostat` binary beside it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tests/integration/binary.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/postgres_cluster.hpp"
#include "tests/support/scratch_directory.hpp"

namespace homeostat::testing {

class Site {
 public:
  /// Starts the server (with these settings of postgresql.conf), creates the roles and migrates.
  explicit Site(Settings settings = {});

  PostgresCluster& postgres() { return postgres_; }
  /// The same on a server that has become another one: creates the roles and migrates.
  void prepare();

  /// Lines added to the configuration of daemons started from now on: `on_exit: keep`.
  void configure(const std::string& lines) { extra_ += lines + "\n"; }
  /// Lines added to `inventory` instead of those added before.
  void inventory(const std::string& lines) { inventory_ = lines + "\n"; }

  /// `mode_ceiling` of configurations written from now on; `enforce` until then.
  void mode_ceiling(const std::string& mode) { mode_ceiling_ = mode; }
  /// Where daemons started from now on keep their journals; beside the configuration until then.
  void journal_folder(const std::string& folder) { journal_folder_ = folder; }
  std::string journal_path(int number = 0) const;
  /// NAME=VALUE for the daemons started from now on.
  void environment(const std::string& variable) { environment_.push_back(variable); }

  /// The blocked ratio that the next samples show, whatever the server says: injected.
  void inject(int blocked, int open);
  /// Any lines of the injected file.
  void inject(const std::string& lines);
  /// From now on the server's own figures count.
  void inject_nothing();

  /// Overwrites the policies that daemons read.
  void write_policies(const std::string& yaml);
  std::string config_path(int number = 0) const;
  std::string path(const std::string& name) const { return scratch_.path() + "/" + name; }

  /// Writes the configuration of the first daemon again, for a reload or a run that must fail.
  void rewrite_config() { write_config(0, daemons_.empty() ? free_port() : daemons_.front().port); }
  /// The monitor's password comes from this file from now on; rewrites the configuration.
  void monitor_password_file(const std::string& file) {
    monitor_ = ", password_file: " + file;
    rewrite_config();
  }

  /// Starts a daemon on an HTTP port of its own and waits until it answers. Several may run.
  /// Returns its number.
  int start_daemon();
  ChildProcess& daemon(int number = 0) {
    return daemons_.at(static_cast<std::size_t>(number)).process;
  }
  std::string url(int number = 0) const;
  std::string log(int number = 0) const;

  /// /v1/status of a daemon; throws when it does not answer.
  nlohmann::json status(int number = 0) const;
  /// GET of any path; nothing when nobody answers.
  std::optional<std::string> get(const std::string& path_and_query, int number = 0) const;

  /// The newest verdict on `circuit-breaker`; state and step are empty before the first.
  nlohmann::json verdict(int number = 0) const;
  std::string state(int number = 0) const;  ///< closed, open, half_open
  int rung(int number = 0) const;
  std::string step(int number = 0) const;  ///< idle, blocked, opened …

  /// What an application is told now.
  bool allowed(const std::string& feature, const std::string& key = "someone");

  /// Runs the binary to its end.
  Finished homeostat(const std::vector<std::string>& arguments) const {
    return run_homeostat(arguments);
  }

 private:
  struct Running {
    ChildProcess process;
    int port = 0;
    std::string log;
  };
  void write_config(int number, int port);

  ScratchDirectory scratch_;
  PostgresCluster postgres_;
  std::vector<Running> daemons_;
  std::string extra_;
  std::string mode_ceiling_ = "enforce";
  std::string journal_folder_;
  std::vector<std::string> environment_;
  std::string inventory_;
  std::string monitor_;
};

}  // namespace homeostat::testing
