// SPDX-License-Identifier: Apache-2.0
// Sessions of applications in a state that a test knows: so many transactions open, so many of them
// waiting for a row.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/eventually.hpp"
#include "tests/support/pg_client.hpp"
#include "tests/support/postgres_cluster.hpp"

namespace homeostat::testing {

class Crowd {
 public:
  /// Makes the table `hot` and the role `app`.
  explicit Crowd(const PostgresCluster& cluster) : cluster_{cluster} {
    cluster.sql(
        "CREATE ROLE app LOGIN; CREATE TABLE hot (n int); INSERT INTO hot VALUES (0); GRANT ALL ON "
        "hot TO app");
    auto address = cluster.address();
    address.application_name = "homeostat test";  // one of ours: who holds the row is not counted
    holder_ = std::make_unique<PgClient>(address);
  }

  /// From now on `open` transactions are open, of which `blocked` wait for a row.
  void stand(int blocked, int open) {
    leave();
    while (static_cast<int>(clients_.size()) < open) {
      clients_.push_back(std::make_unique<PgClient>(cluster_.address("app")));
    }
    if (blocked > 0) holder_->run("BEGIN; UPDATE hot SET n = n + 1");
    for (int i = 0; i < open; ++i) {
      auto& client = *clients_[static_cast<std::size_t>(i)];
      client.run("BEGIN; SELECT 1");
      if (i < blocked) client.send("UPDATE hot SET n = n + 1; ROLLBACK");
    }
    blocked_ = blocked;
    open_ = open;
    const auto waiting = [&] {
      return cluster_.sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") ==
             std::to_string(blocked);
    };
    if (!eventually(waiting)) throw std::runtime_error("the crowd does not wait as it should");
  }

 private:
  void leave() {
    if (blocked_ > 0) holder_->run("ROLLBACK");
    for (int i = 0; i < open_; ++i) {
      auto& client = *clients_[static_cast<std::size_t>(i)];
      if (i < blocked_) {
        client.finish();
      } else {
        client.run("ROLLBACK");
      }
    }
  }

  const PostgresCluster& cluster_;
  std::unique_ptr<PgClient> holder_;
  std::vector<std::unique_ptr<PgClient>> clients_;
  int blocked_ = 0;
  int open_ = 0;
};

}  // namespace homeostat::testing
