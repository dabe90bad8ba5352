// SPDX-License-Identifier: Apache-2.0
// What doctor finds on a real Citus cluster, whole and half set up.
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <optional>

#include "controller/cli/doctor/examine.hpp"
#include "controller/cli/text/doctor_text.hpp"
#include "controller/loop/migrations.hpp"
#include "tests/support/citus_cluster.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/grants.hpp"
#include "tests/support/run.hpp"
#include "tests/support/scratch_directory.hpp"

namespace homeostat::doctor {
namespace {

using Catch::Matchers::Contains;
using testing::CitusCluster;

/// A coordinator and two workers, all of them configured, the ledger on the coordinator.
struct ClusterPractice {
  ClusterPractice() {
    cluster.sql(testing::grants() + migration_script());
    cluster.sql("CREATE ROLE shop_owner LOGIN");
    cluster.sql("GRANT CREATE ON SCHEMA public TO shop_owner");
    cluster.sql(
        "SET ROLE shop_owner; SET citus.shard_count = 4;"
        "CREATE TABLE plays (listener bigint PRIMARY KEY);"
        "SELECT create_distributed_table('plays', 'listener')");
    auto& config = setup.config;
    config.path = "homeostat.yaml";
    config.mode_ceiling = Mode::enforce;
    config.listen_port = testing::free_port();
    config.journal_path = scratch.path() + "/journal.db";
    for (const auto& name : cluster.names()) {
      NodeConfig node;
      node.name = name;
      node.host = "127.0.0.1";
      node.port = cluster.node(name).port();
      node.dbname = "postgres";
      node.sslmode = "disable";
      config.nodes.push_back(node);
    }
    config.ledger = LedgerConfig{"coordinator", "homeostat_actuator", ""};
    config.citus = CitusConfig{"coordinator", {}, {}};
  }

  std::vector<Finding> findings() {
    boost::asio::io_context io;
    return testing::run_coroutine(io, examine(io.get_executor(), setup, {}));
  }
  /// The worst of this check; fails the test when there is none.
  Finding find(const std::string& about, const std::string& check) {
    const auto all = findings();
    std::optional<Finding> worst_one;
    for (const auto& one : all) {
      if (one.about != about || one.check != check) continue;
      if (!worst_one || one.grade > worst_one->grade) worst_one = one;
    }
    INFO(text::doctor(all));
    REQUIRE(worst_one.has_value());
    return *worst_one;
  }

  CitusCluster cluster{2};
  testing::ScratchDirectory scratch;
  Setup setup;
};

TEST_CASE("citus: doctor says what a cluster lacks, from the first grant to the last") {
  if (testing::skipped_without_citus()) return;
  ClusterPractice practice;
  auto& cluster = practice.cluster;
  const auto none = practice.find("citus", "grants");
  CHECK(none.grade == Grade::warn);
  CHECK_THAT(none.advice.mend, Contains("homeostat grants --citus"));
  cluster.sql(citus_roles_script({"shop_owner"}));

  const auto all = practice.findings();
  INFO(text::doctor(all));
  CHECK(worst(all) != Grade::fail);
  for (const std::string check : {"coordinator", "version", "nodes", "identity", "grants"}) {
    CHECK(practice.find("citus", check).grade == Grade::ok);
  }
  for (const auto& name : cluster.names()) {
    CHECK(practice.find("node/" + name, "citus-wal").grade == Grade::ok);
    CHECK(practice.find("node/" + name, "citus-room").grade == Grade::ok);
    // It is this machine's disk: that it is known is all that a test can say.
    CHECK_THAT(practice.find("node/" + name, "citus-disk").found, Contains(" free"));
  }
  cluster.sql("ALTER SYSTEM SET citus.desired_percent_disk_available_after_move = 99.5");
  cluster.sql("SELECT pg_reload_conf()");
  CHECK(testing::eventually([&] {
    const auto disk = practice.find("node/worker-1", "citus-disk");
    return disk.grade == Grade::warn &&
           disk.advice.why.find("less than 99.5 % of its disk") != std::string::npos;
  }));

  cluster.sql("ALTER ROLE shop_owner NOLOGIN");
  CHECK_THAT(practice.find("citus", "grants").found, Contains("may not log in"));
  cluster.sql("ALTER ROLE shop_owner LOGIN");
  cluster.sql("CREATE TABLE likes (listener bigint)");
  cluster.sql("SELECT create_distributed_table('likes', 'listener', colocate_with => 'none')");
  const auto likes = practice.find("citus", "identity");
  CHECK(likes.grade == Grade::warn);
  CHECK_THAT(likes.advice.mend, Contains("ALTER TABLE likes REPLICA IDENTITY FULL;"));
  CHECK_THAT(practice.find("citus", "grants").found,
             Contains("shop_owner, and it does not own likes of postgres"));
  cluster.sql("ALTER TABLE likes REPLICA IDENTITY FULL");
  CHECK(practice.find("citus", "identity").grade == Grade::ok);
}

TEST_CASE("citus: doctor names a wrong coordinator and nodes that nobody watches") {
  if (testing::skipped_without_citus()) return;
  ClusterPractice practice;
  auto& config = practice.setup.config;
  config.citus->coordinator = "worker-1";
  CHECK_THAT(practice.find("citus", "coordinator").found,
             Contains("worker-1 is not the coordinator"));
  config.citus->coordinator = "coordinator";
  config.nodes.pop_back();
  const auto missing = practice.find("citus", "nodes");
  CHECK(missing.grade == Grade::fail);
  CHECK_THAT(missing.found,
             Contains("127.0.0.1:" + std::to_string(practice.cluster.node("worker-2").port())));
  config.nodes.push_back(config.nodes.back());
  config.nodes.back().name = "again";
  CHECK_THAT(practice.find("citus", "nodes").found, Contains("127.0.0.1:"));
  // Citus is in another database than the one that is given.
  practice.cluster.sql("CREATE DATABASE other");
  config.nodes[0].dbname = "other";
  CHECK_THAT(practice.find("citus", "coordinator").found,
             Contains("Citus is not in this database"));
}

TEST_CASE("citus: doctor finds what a move left on a worker, and a monitor that sees nothing") {
  if (testing::skipped_without_citus()) return;
  ClusterPractice practice;
  auto& worker = practice.cluster.node("worker-1");
  worker.sql(
      "SELECT pg_create_logical_replication_slot('citus_shard_move_slot_9_9_10_1', "
      "'test_decoding')");
  const auto slot = practice.find("node/worker-1", "citus-slots");
  CHECK(slot.grade == Grade::warn);
  CHECK_THAT(slot.found, Contains("citus_shard_move_slot_9_9_10_1"));
  const auto drop = slot.advice.mend.find("SELECT pg_drop_replication_slot");
  REQUIRE(drop != std::string::npos);
  worker.sql(slot.advice.mend.substr(drop));
  CHECK(worker.sql("SELECT count(*) FROM pg_replication_slots") == "0");

  worker.sql("SET citus.enable_ddl_propagation TO off; REVOKE pg_monitor FROM homeostat_monitor");
  const auto blind = practice.find("node/worker-1", "statistics");
  CHECK(blind.grade == Grade::fail);
  CHECK_THAT(blind.advice.mend, Contains("GRANT pg_monitor TO homeostat_monitor"));

  // What the server knows of plugins, where it has such a list (some minor versions do).
  if (worker.sql("SELECT coalesce(current_setting('output_plugin_libraries', true), '-')") != "-") {
    const auto plugins = practice.find("node/worker-2", "citus-plugins");
    const auto cut = plugins.advice.mend.find("; ");
    auto& other = practice.cluster.node("worker-2");
    other.sql(plugins.advice.mend.substr(0, cut));
    other.sql(plugins.advice.mend.substr(cut + 2));
    CHECK(other.sql("SELECT setting FROM pg_file_settings WHERE name = 'output_plugin_libraries' "
                    "AND error IS NULL") == "pgoutput, test_decoding, citus");
  }
}

}  // namespace
}  // namespace homeostat::doctor
