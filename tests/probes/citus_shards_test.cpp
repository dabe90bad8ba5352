// SPDX-License-Identifier: Apache-2.0
// What citus_shards measures on a real Citus cluster, and what it says when a part is missing.
#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <set>

#include "probes/pg_locks.hpp"
#include "tests/probes/citus_watch.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/pg_client.hpp"

namespace homeostat::testing {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;

// By its definition, apart from the code under test.
double variation_of(const std::vector<double>& x) {
  double sum = 0;
  double squares = 0;
  for (const double one : x) {
    sum += one;
    squares += one * one;
  }
  const double n = static_cast<double>(x.size());
  return std::sqrt(squares / n - sum / n * sum / n) / (sum / n);
}

}  // namespace

TEST_CASE("citus: the imbalance measured is the one counted, reference tables left out") {
  if (skipped_without_citus()) return;
  Music music;
  ShardWatch watch{music.options()};
  const auto reading = watch.read();
  const auto rows = music.counted_rows();
  REQUIRE(rows[0] + rows[1] + rows[2] == 4900);
  CHECK(value_in(reading, "citus_node_cv") == Approx(variation_of(rows)));
  CHECK(value_in(reading, "citus_node_cv") > 0.1);
  const double most = std::max({rows[0], rows[1], rows[2]});
  CHECK(value_in(reading, "citus_node_max_deviation") == Approx(most / (4900 / 3.0) - 1));
  CHECK(value_in(reading, "citus_shard_cv") > value_in(reading, "citus_node_cv"));
  CHECK(value_in(reading, "citus_hottest_shard_fair_share") ==
        Approx(3 * value_in(reading, "citus_hottest_shard_share")));
  CHECK(value_in(reading, "citus_node_bytes_cv") > 0);
  CHECK_THAT(note(reading, "hottest_shard"), Contains("% of the rows"));
  CHECK(note(reading, "stale_rows").empty());
  double shards = 0;
  for (const auto& detail : reading.details) {
    if (detail.name == "citus_node_shards") shards += detail.value;
  }
  CHECK(shards == 16);
  CHECK(reading.samples.size() == watch.probe.signals().size());
  // Nobody tracks tenants, and no window has ended.
  CHECK(sample_of(reading, "citus_hottest_tenant_share").quality == Quality::absent);
  CHECK(sample_of(reading, "citus_node_load_cv").quality == Quality::absent);
  // Nothing has failed: HomeostatBlind is not about what nobody tracks, or not yet.
  for (const auto* signal : {"citus_hottest_tenant_share", "citus_node_load_cv"}) {
    CHECK(sample_of(reading, signal).reason == AbsentReason::never_sampled);
  }
  CHECK_THAT(note(reading, "load_unknown"), Contains("over 60 s: no window has ended yet"));
}

TEST_CASE("citus: placement rules are about the shards of their keys, H67") {
  if (skipped_without_citus()) return;
  Music music;
  music.sql(
      "CREATE TABLE country (code text PRIMARY KEY);"
      "SELECT create_distributed_table('country', 'code', colocate_with => 'none')");
  const auto shard_of = [&](const std::string& table, const std::string& key) {
    return std::stoll(
        music.sql("SELECT get_shard_id_for_distribution_column('" + table + "', $$" + key + "$$)"));
  };
  auto options = music.options();
  options.known = std::make_shared<KnownShards>();
  options.rules = {{"public.country", {"de", "it's"}, {"worker-2"}},
                   {"public.likes", {"5"}, {"worker-1", "worker-3"}}};
  ShardWatch watch{options};
  auto reading = watch.read();
  const auto& layout = *options.known->newest;
  REQUIRE(layout.unmet.empty());
  std::map<std::string, int> groups;
  for (const auto& node : layout.nodes) groups[node.name] = node.group;
  std::set<std::int64_t> ruled;
  double outside = 0;
  for (const auto& group : layout.groups) {
    if (!group.allowed) continue;
    ruled.insert(group.shards.begin(), group.shards.end());
    outside += group.allowed->count(group.node_group) == 0 ? 1 : 0;
    const bool country = group.shards.size() == 1;  // the other one has plays beside likes
    const std::set<int> expected = country ? std::set<int>{groups["worker-2"]}
                                           : std::set<int>{groups["worker-1"], groups["worker-3"]};
    CHECK(*group.allowed == expected);
  }
  CHECK(ruled == std::set<std::int64_t>{shard_of("country", "de"), shard_of("country", "it's"),
                                        shard_of("likes", "5"), shard_of("plays", "5")});
  CHECK(value_in(reading, "citus_misplaced_shards") == outside);

  options.rules = {
      {"public.nothing", {}, {"worker-2"}},     {"public.likes", {"five"}, {"worker-1"}},
      {"public.genres", {}, {"worker-1"}},      {"public.plays", {}, {"coordinator"}},
      {"public.country", {"de"}, {"worker-1"}}, {"public.country", {}, {"worker-2"}}};
  ShardWatch wrong{options};
  reading = wrong.read();
  CHECK(value_in(reading, "citus_node_cv") > 0.1);
  CHECK(sample_of(reading, "citus_misplaced_shards").quality == Quality::absent);
  const auto& unmet = options.known->newest->unmet;
  REQUIRE(unmet.size() == 5);
  CHECK(unmet[0] ==
        "placement of `public.nothing`: there is no hash-distributed table of this name");
  CHECK_THAT(unmet[1], Contains("public.likes") && Contains("bigint"));
  CHECK_THAT(unmet[2], Contains("public.genres"));
  CHECK_THAT(unmet[3], Contains("node `coordinator` neither takes shards"));
  CHECK_THAT(unmet[4], Contains("shard " + std::to_string(shard_of("country", "de"))));
  CHECK(note(reading, "placement_rule") == unmet[0]);
}

TEST_CASE("citus: a node of more capacity is judged by what it should hold") {
  if (skipped_without_citus()) return;
  Music music;
  const auto rows = music.counted_rows();
  auto options = music.options();
  options.nodes[3].capacity = 2;  // worker-3
  options.known = std::make_shared<KnownShards>();
  ShardWatch watch{options};
  const auto reading = watch.read();
  // As four nodes of capacity 1, the third and fourth with half of its rows each.
  CHECK(value_in(reading, "citus_node_cv") ==
        Approx(variation_of({rows[0], rows[1], rows[2] / 2, rows[2] / 2})));
  CHECK(value_in(reading, "citus_hottest_shard_fair_share") ==
        Approx(2 * value_in(reading, "citus_hottest_shard_share")));
  double capacity = 0;
  for (const auto& node : options.known->newest->nodes) capacity += node.capacity;
  CHECK(capacity == 4);
}

TEST_CASE("citus: who reads a node's changes is known, but who may get copies (H51)") {
  if (skipped_without_citus()) return;
  Music music;
  for (const auto* slot : {"search", "warehouse"}) {
    music.node("worker-2")
        .sql("SELECT pg_create_logical_replication_slot('" + std::string{slot} +
             "', 'test_decoding')");
  }
  auto options = music.options();
  options.known = std::make_shared<KnownShards>();
  options.change_slots = {"search"};
  ShardWatch watch{options};
  const auto readers = [&](std::size_t node) {
    return options.known->newest->nodes.at(node).room.value().readers;
  };
  watch.read();
  CHECK(readers(0).empty());
  CHECK(readers(1) == std::vector<std::string>{"warehouse"});
  music.node("worker-2").sql("ALTER SYSTEM SET citus.enable_change_data_capture = on");
  music.node("worker-2").sql("SELECT pg_reload_conf()");
  REQUIRE(eventually([&] {
    watch.now += 1min;
    watch.read();
    return readers(1).empty();
  }));
}

TEST_CASE("citus: what moves need is read on each node, and shards of a single hash are known") {
  if (skipped_without_citus()) return;
  Music music;
  music.node("worker-2").sql("ALTER SYSTEM SET max_replication_slots = 3");
  music.node("worker-2").restart();
  music.node("worker-2").sql("SELECT pg_create_physical_replication_slot('standby')");
  const auto shard = music.sql(
      "SELECT isolate_tenant_to_new_shard('plays', 1, 'CASCADE', shard_transfer_mode => "
      "'block_writes')");
  auto options = music.options();
  options.known = std::make_shared<KnownShards>();
  ShardWatch watch{options};
  watch.read();
  const auto& layout = *options.known->newest;
  REQUIRE(layout.nodes.size() == 3);
  for (const auto& node : layout.nodes) {
    CAPTURE(node.name);
    REQUIRE(node.room.has_value());
    const bool poor = node.name == "worker-2";
    CHECK(node.room->wal_level == "logical");
    CHECK(node.room->max_slots == (poor ? 3 : 10));
    CHECK(node.room->slots == (poor ? 1 : 0));
    CHECK(node.room->max_senders == 10);
    CHECK(node.room->senders == 0);
    CHECK(node.room->max_logical == 4);
    CHECK(node.room->disk_kept == 0.1);
    REQUIRE(node.room->disk.has_value());
    REQUIRE(node.room->disk_free.has_value());
    CHECK(*node.room->disk > *node.room->disk_free);
    CHECK(*node.room->disk_free > 0);
  }
  // Those of plays and likes.
  CHECK(layout.single.size() == 2);
  CHECK(layout.single.count(std::stoll(shard)) == 1);
  // Soon afterwards it is seen that the slot is gone.
  music.node("worker-2").sql("SELECT pg_drop_replication_slot('standby')");
  watch.read();
  CHECK(options.known->newest->nodes[1].room->slots == 1);
  watch.now += 1min;
  watch.read();
  CHECK(options.known->newest->nodes[1].room->slots == 0);
}

TEST_CASE("citus: tables made and dropped between samples are counted as they are") {
  if (skipped_without_citus()) return;
  Music music;
  ShardWatch watch{music.options()};
  const double before = value_in(watch.read(), "citus_node_cv");
  music.sql(
      "CREATE TABLE extra (k int); SELECT create_distributed_table('extra', 'k', "
      "colocate_with => 'none')");
  music.sql("INSERT INTO extra SELECT 1 FROM generate_series(1, 50000)");
  music.sql("ANALYZE extra");
  CHECK(eventually([&] {  // the statistics follow when their session is idle or ends
    return value_in(watch.read(), "citus_node_cv") > before + 0.5;
  }));
  music.sql("DROP TABLE extra");
  CHECK(eventually([&] { return value_in(watch.read(), "citus_node_cv") == Approx(before); }));
}

TEST_CASE("citus: between two readings the last one stands, with its own time") {
  if (skipped_without_citus()) return;
  Music music;
  ShardWatch watch{music.options()};
  const auto first = watch.read();
  music.sql("INSERT INTO plays SELECT 1, i FROM generate_series(5000, 9000) i; ANALYZE plays");
  watch.now -= 16s;
  const auto second = watch.read();
  CHECK(sample_of(second, "citus_node_cv").taken == sample_of(first, "citus_node_cv").taken);
  CHECK(value_in(second, "citus_node_cv") == value_in(first, "citus_node_cv"));
  watch.now -= 4s;
  REQUIRE(eventually([&] {  // the statistics follow by a second
    watch.now -= 15s;
    return value_in(watch.read(), "citus_node_cv") != value_in(first, "citus_node_cv");
  }));
}

TEST_CASE("citus: a frozen worker makes an error by the deadline, never an imbalance") {
  if (skipped_without_citus()) return;
  Music music;
  ShardWatch watch{music.options()};
  const double before = value_in(watch.read(), "citus_node_cv");
  music.node("worker-2").freeze();
  for (int i = 0; i < 2; ++i) {  // the open session, then a new one
    const auto error = watch.error(1s);
    CHECK(error.code == ErrorCode::timeout);
    CHECK_THAT(error.context, Contains("node `worker-2`"));
  }
  music.node("worker-2").thaw();
  CHECK(value_in(watch.read(), "citus_node_cv") == Approx(before));
}

TEST_CASE("citus: a killed worker makes an error, and its rows after the crash are called stale") {
  if (skipped_without_citus()) return;
  Music music;
  ShardWatch watch{music.options()};
  const double before = value_in(watch.read(), "citus_node_cv");
  music.node("worker-3").kill_server();
  for (int i = 0; i < 2; ++i) {
    const auto error = watch.error();
    CHECK(error.code == ErrorCode::unavailable);
    CHECK_THAT(error.context, Contains("node `worker-3`"));
  }
  music.node("worker-3").start();
  const auto after = watch.read();
  CHECK(value_in(after, "citus_node_cv") == Approx(before));
  CHECK_THAT(note(after, "stale_rows"), Contains("node `worker-3`"));
}

TEST_CASE("citus: a role without pg_monitor is told the GRANT (H66)") {
  if (skipped_without_citus()) return;
  Music music;
  music.coordinator().create_role("stranger");
  ShardWatch watch{music.options("stranger")};
  const auto error = watch.error();
  CHECK(error.code == ErrorCode::missing_privilege);
  CHECK_THAT(error.context, Contains("GRANT pg_monitor TO stranger"));
}

TEST_CASE("citus: a wrong coordinator and a missing node are named") {
  if (skipped_without_citus()) return;
  Music music;
  auto options = music.options();
  options.coordinator = "worker-1";
  CHECK(ShardWatch{options}.error().context == "node `worker-1` is not the coordinator of Citus");
  options = music.options();
  options.nodes.erase(options.nodes.begin() + 2);
  CHECK_THAT(ShardWatch{options}.error().context,
             Contains("none of postgres.nodes is node 127.0.0.1:" +
                      std::to_string(music.node("worker-2").port())));
  options = music.options();
  options.nodes[2].address = options.nodes[1].address;
  CHECK_THAT(ShardWatch{options}.error().context,
             Contains("`worker-1` and `worker-2` are the same node"));
}

TEST_CASE("citus: a PostgreSQL without the extension is no coordinator") {
  PostgresCluster plain;
  plain.create_role("monitor", "IN ROLE pg_monitor");
  CitusShardsOptions options;
  options.coordinator = "main";
  options.nodes.push_back({"main", plain.address("monitor")});
  const auto error = ShardWatch{options}.error();
  CHECK(error.code == ErrorCode::refused);
  CHECK(error.context == "node `main` has no extension citus in its database");
}

TEST_CASE("citus: the extension alone makes no cluster, and is told so") {
  if (skipped_without_citus()) return;
  PostgresCluster alone{{{"shared_preload_libraries", "citus"}}};
  alone.sql("CREATE EXTENSION citus");
  alone.create_role("monitor", "IN ROLE pg_monitor");
  CitusShardsOptions options;
  options.coordinator = "main";
  options.nodes.push_back({"main", alone.address("monitor")});
  CHECK(ShardWatch{options}.error().context ==
        "node `main` has the extension citus, and no cluster: citus_add_node() makes it one");
}

TEST_CASE("citus: a locked shard costs the bytes alone, and they come back") {
  if (skipped_without_citus()) return;
  Music music;
  const auto table = music.sql(
      "SELECT shard_name(logicalrelid, shardid) FROM pg_dist_shard JOIN pg_dist_placement USING "
      "(shardid) JOIN pg_dist_node USING (groupid) WHERE logicalrelid = 'plays'::regclass AND "
      "nodeport = " +
      std::to_string(music.node("worker-1").port()) + " LIMIT 1");
  ShardWatch watch{music.options()};
  {
    PgClient holder{music.node("worker-1").address()};
    holder.run("SET citus.enable_manual_changes_to_shards = on; BEGIN; LOCK " + table +
               " IN ACCESS EXCLUSIVE MODE");
    const auto reading = watch.read();
    CHECK(sample_of(reading, "citus_node_bytes_cv").quality == Quality::absent);
    CHECK(value_in(reading, "citus_node_cv") > 0);
  }
  REQUIRE(eventually(
      [&] { return sample_of(watch.read(), "citus_node_bytes_cv").quality == Quality::whole; }));
}

TEST_CASE("citus: a node that should have no shards is left out") {
  if (skipped_without_citus()) return;
  Music music;
  music.sql("SELECT citus_set_node_property('127.0.0.1', " +
            std::to_string(music.node("worker-3").port()) + ", 'shouldhaveshards', false)");
  ShardWatch watch{music.options()};
  auto rows = music.counted_rows();
  rows.pop_back();
  CHECK(value_in(watch.read(), "citus_node_cv") == Approx(variation_of(rows)));
}

TEST_CASE("citus: a storm on one row shows on the worker that has it, not on the coordinator") {
  if (skipped_without_citus()) return;
  Music music;
  music.sql(
      "CREATE TABLE hot (id int PRIMARY KEY, n int); "
      "SELECT create_distributed_table('hot', 'id', colocate_with => 'none'); "
      "INSERT INTO hot VALUES (1, 0)");
  const std::string update = "UPDATE hot SET n = n + 1 WHERE id = 1";
  PgClient holder{music.coordinator().address()};
  holder.run("BEGIN; " + update);
  std::vector<std::unique_ptr<PgClient>> crowd;
  for (int i = 0; i < 5; ++i) {
    crowd.push_back(std::make_unique<PgClient>(music.coordinator().address()));
    crowd.back()->send(update);
  }
  const auto blocked_of = [&](const std::string& name) {
    boost::asio::io_context io;
    PgLocksOptions options;
    options.node = name;
    options.address = music.node(name).address("monitor");
    options.own_roles = {"monitor"};
    PgLocks probe{io.get_executor(), options};
    auto reading = run_coroutine(io, probe.sample(TimePoint{}, kWhile));
    if (!reading.has_value()) FAIL(reading.error().context);
    return sample_of(*reading, "pg_blocked_ratio").numerator;
  };
  REQUIRE(eventually([&] {
    double most = 0;
    for (const std::string name : {"worker-1", "worker-2", "worker-3"}) {
      most = std::max(most, blocked_of(name));
    }
    return most == 5;
  }));
  CHECK(blocked_of("coordinator") == 0);
}

}  // namespace homeostat::testing
