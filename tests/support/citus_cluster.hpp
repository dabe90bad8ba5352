// SPDX-License-Identifier: Apache-2.0
// A throw-away Citus cluster for one test: a coordinator and workers, real servers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/support/postgres_cluster.hpp"

namespace homeostat::testing {

/// Why there can be no CitusCluster here (the extension is not installed beside the servers that
/// the tests use); empty when there can. Asked once a process.
const std::string& citus_missing();

/// Prints `SKIPPED: reason`, and is true, when there can be none here.
bool skipped_without_citus();

/// Nodes `coordinator`, `worker-1` … on free ports of 127.0.0.1, the extension in database
/// `postgres`, one placement a shard. The coordinator holds no shards. Roles made at the
/// coordinator are made on every node. The servers end with this object or with the test. Throws
/// std::runtime_error when a node does not do as told. REQUIRES: citus_missing().empty().
class CitusCluster {
 public:
  explicit CitusCluster(int workers = 3);
  ~CitusCluster();
  CitusCluster(const CitusCluster&) = delete;
  CitusCluster& operator=(const CitusCluster&) = delete;

  /// In the order of their making, the coordinator first.
  const std::vector<std::string>& names() const { return names_; }
  /// Throws std::out_of_range for a name that is none of names().
  PostgresCluster& node(const std::string& name);
  PostgresCluster& coordinator() { return *nodes_.front(); }
  /// At the coordinator, as the superuser: the first value of the last result.
  std::string sql(const std::string& statements) { return coordinator().sql(statements); }

  /// Whether a shard can be split without blocking writes as the servers are: newer minor versions
  /// of PostgreSQL want the extension in output_plugin_libraries.
  bool allows_splits() const;
  /// Has every node allow it.
  void allow_splits();

 private:
  std::vector<std::string> names_;
  std::vector<std::unique_ptr<PostgresCluster>> nodes_;
};

}  // namespace homeostat::testing
