// SPDX-License-Identifier: Apache-2.0
// A synchronous standby that is not there: every commit waits for it, for good (H62).
#pragma once

#include <string>

#include "tests/support/eventually.hpp"
#include "tests/support/pg_client.hpp"
#include "tests/support/postgres_cluster.hpp"

namespace homeostat::testing {

/// Loses the standby; true once a commit has been seen to wait for it. The checkpointer tells the
/// sessions, and may hear of the setting later than they do: commits before that wait for nobody.
inline bool lose_standby(PostgresCluster& cluster) {
  cluster.reload("synchronous_standby_names", "nobody");
  PgClient writer{cluster.address()};
  const auto pid = std::to_string(writer.pid());
  int attempt = 0;
  const auto mark = [&] { return "-- attempt " + std::to_string(attempt) + "."; };
  const auto commit = [&] { writer.send("CREATE TABLE gone (); DROP TABLE gone " + mark()); };
  commit();
  return eventually([&] {
    const auto doing = cluster.sql(
        "SELECT CASE WHEN wait_event = 'SyncRep' THEN 'waits' WHEN state = 'idle' AND query LIKE "
        "'%" +
        mark() + "' THEN 'done' END FROM pg_stat_activity WHERE pid = " + pid);
    if (doing == "waits") {
      cluster.sql("SELECT pg_cancel_backend(" + pid + ")");
      return writer.finish();
    }
    if (doing == "done") {
      writer.finish();
      ++attempt;
      commit();
    }
    return false;
  });
}

}  // namespace homeostat::testing
