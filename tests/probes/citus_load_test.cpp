// SPDX-License-Identifier: Apache-2.0
// The load of shards, as citus_shards counts it on a real Citus cluster.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <string>

#include "tests/probes/citus_watch.hpp"
#include "tests/support/eventually.hpp"

namespace homeostat::testing {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;

TEST_CASE("citus: load is what is read and written on the shards of each node in a window") {
  if (skipped_without_citus()) return;
  Music music;
  auto options = music.options();
  options.known = std::make_shared<KnownShards>();
  options.load_window = 10s;
  ShardWatch watch{options};
  watch.read();
  const auto shard = music.sql("SELECT get_shard_id_for_distribution_column('plays', 1)");
  const auto port = music.sql(
      "SELECT nodeport FROM pg_dist_placement JOIN pg_dist_node USING (groupid) WHERE shardid = " +
      shard);
  // Only ever the shard of one listener, and not the tables beside it.
  const auto use = [&](const std::string& rows) {
    music.sql("UPDATE plays SET id = -id WHERE listener = 1 AND id <= " + rows);
  };
  use("2000");
  const auto loads = [&] {
    std::map<std::string, double> found;
    for (const auto& detail : watch.read().details) {
      if (detail.name == "citus_node_load_rows_per_second") {
        found[detail.labels.at("node")] = detail.value;
      }
    }
    return found;
  };
  std::map<std::string, double> found;
  REQUIRE(eventually([&] {  // counters follow by a second
    found = loads();
    use("2000");
    double most = 0;
    for (const auto& [node, load] : found) most = std::max(most, load);
    return most > 0;
  }));
  for (const std::string name : {"worker-1", "worker-2", "worker-3"}) {
    CAPTURE(name);
    CHECK((found.at(name) > 0) == (std::to_string(music.node(name).port()) == port));
  }
  const auto reading = watch.read();
  CHECK(options.known->newest->load_unknown.empty());
  for (const auto& group : options.known->newest->groups) CHECK(group.load.has_value());
  CHECK(note(reading, "load_unknown").empty());
}

TEST_CASE("citus: load is unknown over a crash of a worker, and after it known again") {
  if (skipped_without_citus()) return;
  Music music;
  auto options = music.options();
  options.load_window = 10s;
  ShardWatch watch{options};
  watch.read();
  CHECK(sample_of(watch.read(), "citus_node_load_cv").quality != Quality::absent);
  music.node("worker-2").kill_server();
  watch.error();
  music.node("worker-2").start();
  const auto over = watch.read();
  CHECK(sample_of(over, "citus_node_load_cv").quality == Quality::absent);
  CHECK_THAT(note(over, "load_unknown"), Contains("has begun to count anew"));
  CHECK(sample_of(over, "citus_node_cv").quality == Quality::whole);
  CHECK(sample_of(watch.read(), "citus_node_load_cv").quality != Quality::absent);
}

TEST_CASE("citus: the load of a shard that was moved is not what its copying took") {
  if (skipped_without_citus()) return;
  Music music;
  auto options = music.options();
  options.load_window = 10s;
  options.known = std::make_shared<KnownShards>();
  ShardWatch watch{options};
  watch.read();
  watch.read();
  const auto port = [&](const std::string& name) {
    return std::to_string(music.node(name).port());
  };
  const auto shard = music.sql(
      "SELECT shardid FROM pg_dist_shard JOIN pg_dist_placement USING (shardid) JOIN pg_dist_node "
      "USING (groupid) WHERE logicalrelid = 'plays'::regclass AND nodeport = " +
      port("worker-1") + " LIMIT 1");
  music.sql("SELECT citus_move_shard_placement(" + shard + ", '127.0.0.1', " + port("worker-1") +
            ", '127.0.0.1', " + port("worker-2") + ", 'block_writes')");
  const auto over = watch.read();
  CHECK(sample_of(over, "citus_node_load_cv").quality == Quality::absent);
  CHECK_THAT(note(over, "load_unknown"), Contains("has come to its node since"));
  CHECK_FALSE(options.known->newest->load_unknown.empty());
  watch.read();
  CHECK(options.known->newest->load_unknown.empty());
}

}  // namespace homeostat::testing
