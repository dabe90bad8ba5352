// SPDX-License-Identifier: Apache-2.0
// Who has lost a partition writes no more, whatever it still has in its hands.
#include <catch2/catch.hpp>

#include "deploy/demo/pipeline/database.hpp"
#include "tests/deploy/pipeline/pipeline_site.hpp"

namespace homeostat::testing {
namespace {

using melodyud::Batch;
using melodyud::Database;

/// The plays of one track in these partitions' messages [first, next).
Batch batch_of(const std::vector<melodyud::Claim>& claims, std::int64_t first, std::int64_t next) {
  Batch batch;
  for (const auto& claim : claims) {
    batch.spans[claim.partition] = {first, next, claim.owner_epoch};
    batch.plays[1] += next - first;
  }
  batch.messages = static_cast<std::size_t>(batch.plays[1]);
  return batch;
}

}  // namespace

TEST_CASE("a batch of the owner before is turned away whole (H10)") {
  PostgresCluster postgres;
  furnish(postgres);
  const std::string conninfo = "host=127.0.0.1 dbname=postgres user=melodyud_pipeline port=" +
                               std::to_string(postgres.port());
  Database old_owner{conninfo, "play-counts", "play_events"};
  Database new_owner{conninfo, "play-counts", "play_events"};
  const auto plays = [&] { return postgres.sql("SELECT sum(plays) FROM melodyud.track_stats"); };
  const auto of_old = old_owner.claim({0, 1}).value();
  REQUIRE(old_owner.apply(batch_of(of_old, 0, 10)) == Database::Outcome::applied);
  const auto of_new = new_owner.claim({1}).value();
  CHECK(of_new[0].next_offset == 10);
  // Partition 0 is still its own, but the batch is one transaction.
  CHECK(old_owner.apply(batch_of(of_old, 10, 20)) == Database::Outcome::fenced);
  CHECK(plays() == "20");
  CHECK(new_owner.apply(batch_of(of_new, 10, 15)) == Database::Outcome::applied);
  CHECK(plays() == "25");

  // A batch that is applied already is not applied again.
  CHECK(new_owner.apply(batch_of(of_new, 10, 15)) == Database::Outcome::fenced);
  CHECK(plays() == "25");

  // Nor is one that begins after what PostgreSQL has: it has lost commits, as a restored one does.
  postgres.sql("UPDATE melodyud.consumer_offset SET next_offset = 12 WHERE partition = 1");
  CHECK(new_owner.apply(batch_of(of_new, 15, 16)) == Database::Outcome::fenced);
  CHECK(plays() == "25");
  postgres.sql("UPDATE melodyud.consumer_offset SET next_offset = 15 WHERE partition = 1");

  // Who claims again is the owner again.
  const auto again = old_owner.claim({0, 1}).value();
  CHECK(again[1].next_offset == 15);
  CHECK(new_owner.apply(batch_of(of_new, 15, 16)) == Database::Outcome::fenced);
}

}  // namespace homeostat::testing
