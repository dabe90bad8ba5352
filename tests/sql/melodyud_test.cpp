// SPDX-License-Identifier: Apache-2.0
// The reference platform's counters, which ask Homeostat how wide they are to be.
#include "tests/support/melodyud.hpp"

#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "tests/support/eventually.hpp"
#include "tests/support/ledger_bench.hpp"

namespace homeostat {
namespace {

using testing::LedgerCluster;
using testing::PgClient;
using testing::PostgresCluster;

constexpr const char* kSum = "SELECT plays FROM melodyud.track_plays WHERE track_id = 7";
constexpr const char* kSlots =
    "SELECT count(*) || ' ' || max(slot) FROM melodyud.play_counter WHERE track_id = 7 AND plays > "
    "0";

void furnish_counters(const PostgresCluster& cluster) {
  cluster.sql(testing::melodyud_script("schema.sql"));
  cluster.sql(
      "INSERT INTO melodyud.track (track_id, title, creator) VALUES (7, 'hot', 'c');"
      "INSERT INTO melodyud.play_counter (track_id) VALUES (7)");
}

/// In one transaction.
void count(const PostgresCluster& cluster, int times) {
  PgClient app{cluster.address("melodyud_app")};
  app.run("SELECT count(melodyud.count_play(7)) FROM generate_series(1, " + std::to_string(times) +
          ")");
}

void register_plays(const PostgresCluster& cluster) {
  cluster.sql(
      "INSERT INTO homeostat.counter (name, zone, slots, slots_at_rest, hold) VALUES "
      "('plays', 'main', 32, 1, '0')");
}

constexpr const char* kLimit =
    "INSERT INTO homeostat.zone_limit (zone, class, concurrency, queue_limit) VALUES "
    "('main', homeostat.zone_class('main'), 40, 0.1)";

TEST_CASE("plays are counted by the track's own slots where Homeostat is not, or knows nothing") {
  PostgresCluster bare;
  furnish_counters(bare);
  count(bare, 3);
  CHECK(bare.sql(kSum) == "3");
  CHECK(bare.sql(kSlots) == "1 0");
  bare.sql("UPDATE melodyud.track SET counter_slots = 4");
  count(bare, 200);
  CHECK(bare.sql(kSum) == "203");
  CHECK(bare.sql(kSlots) == "4 3");
  bare.sql("SELECT melodyud.count_play(8)");  // there is none
  CHECK(bare.sql("SELECT count(DISTINCT track_id) FROM melodyud.play_counter") == "1");

  LedgerCluster cluster;
  furnish_counters(cluster);
  cluster.sql(kLimit);
  count(cluster, 20);
  CHECK(cluster.sql(kSlots) == "1 0");
  register_plays(cluster);
  count(cluster, 980);
  CHECK(cluster.sql(kSum) == "1000");
  CHECK(cluster.sql(kSlots) == "32 31");
  cluster.sql("UPDATE melodyud.track SET counter_slots = 64");
  count(cluster, 2000);
  CHECK(cluster.sql(kSlots) == "64 63");
}

TEST_CASE("no play is lost or counted twice while slots come and go and are merged") {
  LedgerCluster cluster;
  furnish_counters(cluster);
  register_plays(cluster);
  constexpr std::size_t kThreads = 6;
  constexpr std::size_t kPlays = 400;
  std::vector<std::jthread> listeners;
  while (listeners.size() < kThreads) {
    listeners.emplace_back([address = cluster.address("melodyud_app")] {
      PgClient app{address};
      for (std::size_t n = 0; n < kPlays; ++n) app.run("SELECT melodyud.count_play(7)");
    });
  }
  PgClient merger{cluster.address()};
  int changes = 0;
  int backwards = 0;
  long seen = 0;
  const auto done = [&] {
    merger.run(changes % 2 == 0 ? kLimit : "DELETE FROM homeostat.zone_limit");
    ++changes;
    merger.run("SELECT melodyud.merge_counters()");
    const long now = std::stol(merger.run(kSum));
    if (now < seen) ++backwards;
    seen = now;
    return now >= static_cast<long>(kThreads * kPlays);
  };
  CHECK(testing::eventually(done));
  for (auto& listener : listeners) listener.join();
  CHECK(cluster.sql(kSum) == std::to_string(kThreads * kPlays));
  CHECK(backwards == 0);  // a reader in between sees all that was counted before
  CHECK(changes > 2);
  CHECK(cluster.sql("SELECT count(*) > 1 FROM melodyud.play_counter") == "t");
  merger.run("SELECT melodyud.merge_counters()");
  CHECK(cluster.sql("SELECT plays FROM melodyud.track_stats") == std::to_string(kThreads * kPlays));
}

}  // namespace
}  // namespace homeostat
