// SPDX-License-Identifier: Apache-2.0
// Where doctor is asked: a configuration in memory, one node, one ledger.
#pragma once

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "controller/cli/doctor/examine.hpp"
#include "controller/cli/text/doctor_text.hpp"
#include "controller/loop/migrations.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/grants.hpp"
#include "tests/support/postgres_cluster.hpp"
#include "tests/support/run.hpp"
#include "tests/support/scratch_directory.hpp"

namespace homeostat::doctor {

/// Doctor in a patient's house: a configuration in memory, one node, one ledger.
struct Practice {
  explicit Practice(const testing::PostgresCluster& cluster) : Practice() {
    cluster.sql(testing::grants() + migration_script());
    at("127.0.0.1", cluster.port());
  }
  Practice() {
    auto& config = setup.config;
    config.path = "homeostat.yaml";
    config.mode_ceiling = Mode::enforce;
    config.listen_port = testing::free_port();
    config.journal_path = scratch.path() + "/journal.db";
    config.features = {{"monthly_report", "batch"}};
    NodeConfig node;
    node.name = "main";
    node.dbname = "postgres";
    node.sslmode = "disable";
    config.nodes = {node};
    config.ledger = LedgerConfig{"main", "homeostat_actuator", ""};
  }

  void at(const std::string& host, int port) {
    setup.config.nodes[0].host = host;
    setup.config.nodes[0].port = port;
  }
  std::vector<Finding> findings() {
    boost::asio::io_context io;
    return testing::run_coroutine(io, examine(io.get_executor(), setup, {}));
  }
  /// The finding of this check that is worst; fails the test when there is none.
  Finding find(const std::string& about, const std::string& check) {
    Finding worst_one;
    bool there = false;
    const auto all = findings();
    for (const auto& finding : all) {
      if (finding.about != about || finding.check != check) continue;
      if (!there || finding.grade > worst_one.grade) worst_one = finding;
      there = true;
    }
    INFO(text::doctor(all));
    REQUIRE(there);
    return worst_one;
  }

  testing::ScratchDirectory scratch;
  Setup setup;
};

}  // namespace homeostat::doctor
