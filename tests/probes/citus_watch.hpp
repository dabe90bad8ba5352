// SPDX-License-Identifier: Apache-2.0
// A small Citus cluster with skewed tables, and the probe citus_shards that watches it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "probes/citus_shards.hpp"
#include "tests/support/citus_cluster.hpp"
#include "tests/support/run.hpp"

namespace homeostat::testing {

inline constexpr Duration kWhile =
    std::chrono::seconds{60};  // only ever waited out by a failing test

/// Three workers, a monitor, a skewed table `plays` with a table `likes` beside it.
struct Music : CitusCluster {
  Music() {
    coordinator().create_role("monitor", "IN ROLE pg_monitor");
    sql("SET citus.shard_count = 8;"
        "CREATE TABLE plays (listener bigint, id bigint, PRIMARY KEY (listener, id));"
        "CREATE TABLE likes (listener bigint, id bigint);"
        "CREATE TABLE genres (id int PRIMARY KEY);"
        "SELECT create_distributed_table('plays', 'listener');"
        "SELECT create_distributed_table('likes', 'listener', colocate_with => 'plays');"
        "SELECT create_reference_table('genres');"
        "INSERT INTO plays SELECT 1 + i % (1 + i % 40), i FROM generate_series(1, 4000) i;"
        "INSERT INTO likes SELECT i % 7, i FROM generate_series(1, 900) i;"
        "INSERT INTO genres SELECT generate_series(1, 500);");
    sql("ANALYZE plays, likes, genres");
  }
  CitusShardsOptions options(const std::string& role = "monitor") {
    CitusShardsOptions options;
    options.coordinator = "coordinator";
    for (const auto& name : names()) {
      auto address = node(name).address(role);
      address.application_name = "homeostat";
      options.nodes.push_back({name, address});
    }
    return options;
  }
  /// Rows on each worker, counted.
  std::vector<double> counted_rows() {
    std::vector<double> rows;
    for (const std::string name : {"worker-1", "worker-2", "worker-3"}) {
      std::string sum;
      for (const std::string table : {"plays", "likes"}) {
        sum +=
            (sum.empty() ? "" : " + ") +
            ("(SELECT coalesce(sum(result::int), 0) FROM run_command_on_placements('" + table +
             "', 'SELECT count(*) FROM %s') WHERE nodeport = " + std::to_string(node(name).port()) +
             ")");
      }
      rows.push_back(std::stod(sql("SELECT " + sum)));
    }
    return rows;
  }
};

struct ShardWatch {
  explicit ShardWatch(CitusShardsOptions options) : probe{io.get_executor(), std::move(options)} {}
  Result<Reading> sample(Duration deadline = kWhile) {
    now += std::chrono::seconds{20};  // past any back-off
    return run_coroutine(io, probe.sample(now, deadline));
  }
  Reading read() {
    auto reading = sample();
    if (!reading.has_value()) FAIL(reading.error().context);
    return std::move(*reading);
  }
  Error error(Duration deadline = kWhile) {
    auto reading = sample(deadline);
    REQUIRE_FALSE(reading.has_value());
    return reading.error();
  }
  boost::asio::io_context io;
  CitusShards probe;
  TimePoint now{};
};

inline const Sample& sample_of(const Reading& reading, const std::string& signal) {
  for (const auto& sample : reading.samples) {
    if (sample.signal == signal) return sample;
  }
  FAIL("no sample of " << signal);
  return reading.samples.front();
}

inline double value_in(const Reading& reading, const std::string& signal) {
  const auto value = value_of(sample_of(reading, signal));
  CAPTURE(signal, to_text(sample_of(reading, signal).reason));
  REQUIRE(value.has_value());
  return *value;
}

inline std::string note(const Reading& reading, const std::string& key) {
  for (const auto& note : reading.notes) {
    if (note.key == key) return note.text;
  }
  return {};
}

}  // namespace homeostat::testing
