// SPDX-License-Identifier: Apache-2.0
// Zones as groups of shards, on a real Citus cluster: who is dealt what, and whose locks are whose.
#include <catch2/catch.hpp>
#include <map>
#include <memory>

#include "controller/cli/wiring.hpp"
#include "controller/cli/zone_dealer.hpp"
#include "tests/support/citus_cluster.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/ledger_bench.hpp"

namespace homeostat::testing {
namespace {

constexpr const char* kTables = R"(
  SET citus.shard_count = 24;
  CREATE TABLE listener (user_id bigint PRIMARY KEY, plays bigint);
  CREATE TABLE playlist_20240101 (user_id bigint PRIMARY KEY, n bigint);
  SELECT create_distributed_table('listener', 'user_id');
  SELECT create_distributed_table('playlist_20240101', 'user_id', colocate_with => 'listener');
  INSERT INTO listener SELECT g, 0 FROM generate_series(1, 300) AS g;
  INSERT INTO playlist_20240101 SELECT g, 0 FROM generate_series(1, 300) AS g;
  GRANT SELECT, UPDATE ON listener, playlist_20240101 TO app;
)";

/// Names whose order is not the same in every language.
const std::vector<std::string> kNames{"B", "a-2", "a1", "b"};

/// Worker 1 has four zones, worker 2 two, worker 3 one.
struct ZonedCluster {
  ZonedCluster() {
    cluster.sql("CREATE ROLE app LOGIN");
    cluster.sql(kTables);
    cluster.sql(grants());
    cluster.sql(migration_script());
    for (const auto& name : cluster.names()) {
      NodeConfig node;
      node.name = name;
      node.host = "127.0.0.1";
      node.port = cluster.node(name).port();
      node.dbname = "postgres";
      node.sslmode = "disable";
      config.nodes.push_back(node);
    }
    config.citus.emplace();
    config.citus->coordinator = "coordinator";
    for (const auto& name : kNames) config.zones.push_back({name, "worker-1"});
    config.zones.push_back({"x", "worker-2"});
    config.zones.push_back({"y", "worker-2"});
    config.zones.push_back({"alone", "worker-3"});
    for (const auto& zone : config.zones) {
      const auto group = zone.node.substr(zone.node.size() - 1);
      cluster.sql("INSERT INTO homeostat.zone_place VALUES ('" + zone.name + "', '" + zone.node +
                  "', " + group + ", false)");
    }
    probes = make_probes(config, io.get_executor(), shards);
  }
  /// One round of every probe, as the daemon does it.
  void sample() {
    now += std::chrono::seconds{1};
    samples.clear();
    for (const auto& probe : probes) {
      auto reading = run_coroutine(io, probe->sample(now, kPatient));
      if (!reading.has_value()) FAIL(reading.error().context);
      for (auto& one : reading->samples) samples[{one.signal, one.subject}] = std::move(one);
    }
  }
  const Sample& of(const std::string& signal, const Subject& subject) {
    const auto found = samples.find({signal, subject});
    if (found == samples.end()) FAIL("no sample " << signal << " of " << to_text(subject));
    return found->second;
  }
  const Sample& zone(const std::string& signal, const std::string& name) {
    return of(signal, {SubjectKind::zone, name});
  }
  /// The smallest key that the database says is in that zone.
  std::string key_in(const std::string& zone) {
    return cluster.sql(
        "SELECT min(k) FROM generate_series(1, 300) AS k, homeostat.route('listener', k::text) AS "
        "r WHERE r.zone = '" +
        zone + "'");
  }
  std::unique_ptr<PgClient> app(const std::string& node = "coordinator") {
    return std::make_unique<PgClient>(cluster.node(node).address("app"));
  }
  /// Waits until so many sessions of the worker wait for a row.
  bool waiting(const std::string& worker, std::size_t count) {
    return eventually([&] {
      return cluster.node(worker).sql(
                 "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND "
                 "wait_event IN ('tuple', 'transactionid')") == std::to_string(count);
    });
  }

  CitusCluster cluster;
  Config config;
  std::shared_ptr<KnownShards> shards = std::make_shared<KnownShards>();
  boost::asio::io_context io;
  std::vector<std::unique_ptr<Probe>> probes;
  std::map<std::pair<SignalName, Subject>, Sample> samples;
  TimePoint now{};
};

/// One session that keeps the row and others that want it; the table's statements name their shard.
struct Crowd {
  Crowd(ZonedCluster& site, const std::string& table, const std::string& key, int size)
      : holder{site.app()} {
    const auto statement = "UPDATE " + table + " SET " +
                           (table == "listener" ? "plays = plays" : "n = n") +
                           " + 1 WHERE user_id = " + key;
    holder->run("BEGIN; " + statement);
    for (int i = 0; i < size; ++i) {
      others.push_back(site.app());
      others.back()->send(statement);
    }
  }
  ~Crowd() {
    holder->run("COMMIT");
    for (const auto& other : others) other->finish();
  }
  std::unique_ptr<PgClient> holder;
  std::vector<std::unique_ptr<PgClient>> others;
};

}  // namespace

TEST_CASE("zones: shards are dealt as homeostat.zone_at() deals them, in every language") {
  if (skipped_without_citus()) return;
  ZonedCluster site;
  ZoneDealer unknown("worker-1", kNames, site.shards);
  CHECK(unknown.deal() == nullptr);
  site.sample();
  const auto compare = [&] {
    for (const auto* node : {"worker-1", "worker-2"}) {
      std::vector<std::string> zones;
      for (const auto& zone : site.config.zones) {
        if (zone.node == node) zones.push_back(zone.name);
      }
      ZoneDealer dealer(node, zones, site.shards);
      const auto* dealt = dealer.deal();
      REQUIRE(dealt != nullptr);
      CHECK(dealt->size() == 16);
      std::string rows;
      for (const auto& [shard, zone] : *dealt) {
        rows += (rows.empty() ? "(" : ", (") + std::to_string(shard) + ", '" + zone + "')";
      }
      INFO(rows);
      CHECK(site.cluster.sql(
                "SELECT count(*) FROM (VALUES " + rows +
                ") AS d(shard, zone) JOIN pg_dist_shard s ON s.shardid = d.shard JOIN "
                "pg_dist_placement p ON p.shardid = d.shard, homeostat.zone_at(p.groupid, "
                "s.shardminvalue) AS a WHERE a.zone = d.zone AND a.node = '" +
                std::string{node} + "'") == "16");
    }
  };
  compare();
  site.cluster.sql("ALTER TABLE homeostat.zone_place ALTER zone TYPE text COLLATE \"en-x-icu\"");
  compare();
}

TEST_CASE("zones: a crowd on one row is seen in its zone, and in no other one of the node") {
  if (skipped_without_citus()) return;
  ZonedCluster site;
  site.sample();
  // How the shards lie is learnt in the same round, after the locks were looked at.
  CHECK(site.zone("pg_blocked_ratio", "B").quality == Quality::absent);
  CHECK(site.zone("pg_open_transactions", "x").quality == Quality::absent);
  CHECK(site.zone("pg_open_transactions", "alone").quality == Quality::whole);
  site.sample();
  CHECK(site.zone("pg_blocked_ratio", "B").quality == Quality::empty);

  const std::string hot = GENERATE("listener", "playlist_20240101");
  auto quiet = site.app();  // before the crowd, which must not wait for this one
  quiet->run("BEGIN; UPDATE listener SET plays = 0 WHERE user_id = " + site.key_in("b"));
  // Of the node alone: one that names no shard, and one that names what is none.
  auto nameless = site.app("worker-1");
  nameless->run("BEGIN; SELECT 1");
  auto wrong = site.app("worker-1");
  wrong->run("BEGIN; SELECT 'x_999999999'");
  const Crowd crowd{site, hot, site.key_in("a1"), 6};
  REQUIRE(site.waiting("worker-1", 6));
  REQUIRE(eventually([&] {
    site.sample();
    return site.zone("pg_waiters_over_500ms", "a1").numerator == 6;
  }));
  for (const auto* signal : {"pg_blocked_ratio", "pg_row_blocked_ratio"}) {
    CHECK(site.zone(signal, "a1").numerator == 6);
    CHECK(site.zone(signal, "a1").denominator == 7);
    CHECK(site.zone(signal, "b").quality == Quality::whole);
    CHECK(site.zone(signal, "b").numerator == 0);
    CHECK(site.zone(signal, "b").denominator == 1);
    for (const auto* other : {"B", "a-2", "x", "y", "alone"}) {
      CHECK(site.zone(signal, other).quality == Quality::empty);
    }
  }
  CHECK(site.zone("pg_open_transactions", "a1").numerator == 7);
  for (const auto* other : {"B", "a-2", "b", "x", "y", "alone"}) {
    CHECK(site.zone("pg_waiters_over_500ms", other).numerator == 0);
  }
  const auto& node = site.of("pg_blocked_ratio", {SubjectKind::node, "worker-1"});
  CHECK(node.numerator == 6);
  CHECK(node.denominator == 10);
  quiet->run("ROLLBACK");
  nameless->run("ROLLBACK");
  wrong->run("ROLLBACK");
}

TEST_CASE("zones: the only one of a node has what the node has") {
  if (skipped_without_citus()) return;
  ZonedCluster site;
  site.sample();
  const Crowd crowd{site, "listener", site.key_in("alone"), 3};
  auto nameless = site.app("worker-3");
  nameless->run("BEGIN; SELECT 1");
  REQUIRE(site.waiting("worker-3", 3));
  site.sample();
  CHECK(site.zone("pg_blocked_ratio", "alone").numerator == 3);
  CHECK(site.zone("pg_blocked_ratio", "alone").denominator == 5);
  CHECK(site.zone("pg_open_transactions", "alone").numerator == 5);
}

}  // namespace homeostat::testing
