// SPDX-License-Identifier: Apache-2.0
#include "tests/support/citus_cluster.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <stdexcept>

#include "tests/support/eventually.hpp"

namespace homeostat::testing {
namespace {

// Room for the daemons of the extension and for a few moves at once; no TLS between the nodes.
const Settings kCitusSettings{{"shared_preload_libraries", "citus"},
                              {"wal_level", "logical"},
                              {"max_worker_processes", "16"},
                              {"max_prepared_transactions", "50"},
                              {"citus.node_conninfo", "sslmode=disable"},
                              {"citus.shard_replication_factor", "1"}};

std::string look_for_citus() {
  const PostgresCluster plain;
  if (plain.sql("SELECT count(*) FROM pg_available_extensions WHERE name = 'citus'") != "1") {
    return "the extension citus is not among pg_available_extensions";
  }
  const auto libraries = plain.sql("SELECT setting FROM pg_config WHERE name = 'PKGLIBDIR'");
  if (!std::filesystem::exists(libraries + "/citus.so")) {
    return "there is no citus.so to put into shared_preload_libraries";
  }
  return {};
}

}  // namespace

const std::string& citus_missing() {
  static const std::string kReason = look_for_citus();
  return kReason;
}

bool skipped_without_citus() {
  const auto& missing = citus_missing();
  if (!missing.empty()) std::puts(("SKIPPED: " + missing).c_str());
  return !missing.empty();
}

CitusCluster::CitusCluster(int workers) {
  for (int i = 0; i <= workers; ++i) {
    names_.push_back(i == 0 ? "coordinator" : "worker-" + std::to_string(i));
    nodes_.push_back(std::make_unique<PostgresCluster>(kCitusSettings));
    nodes_.back()->sql("CREATE EXTENSION citus");
  }
  const auto place = [](const PostgresCluster& node) {
    return "('127.0.0.1', " + std::to_string(node.port()) + ")";
  };
  sql("SELECT citus_set_coordinator_host" + place(coordinator()));
  for (std::size_t i = 1; i < nodes_.size(); ++i) sql("SELECT citus_add_node" + place(*nodes_[i]));
}

// Nobody may wait for a frozen node.
CitusCluster::~CitusCluster() {
  for (const auto& node : nodes_) node->thaw();
}

PostgresCluster& CitusCluster::node(const std::string& name) {
  for (std::size_t i = 0; i < names_.size(); ++i) {
    if (names_[i] == name) return *nodes_[i];
  }
  throw std::out_of_range("no node " + name);
}

bool CitusCluster::allows_splits() const {
  return std::all_of(nodes_.begin(), nodes_.end(), [](const auto& node) {
    const auto plugins =
        node->sql("SELECT coalesce(current_setting('output_plugin_libraries', true), 'citus')");
    return plugins.find("citus") != std::string::npos;
  });
}

void CitusCluster::allow_splits() {
  if (allows_splits()) return;
  for (const auto& node : nodes_) {
    node->sql("ALTER SYSTEM SET output_plugin_libraries = 'pgoutput', 'test_decoding', 'citus'");
    node->sql("SELECT pg_reload_conf()");
  }
  if (!eventually([this] { return allows_splits(); })) {
    throw std::runtime_error("a node does not take output_plugin_libraries");
  }
}

}  // namespace homeostat::testing
