// SPDX-License-Identifier: Apache-2.0
// How evenly a hash-partitioned table of one PostgreSQL holds its rows. One session, one statement
// a sample, of catalogs alone. Never decides, never writes.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "controller/ports/probe.hpp"
#include "controller/transport/pg_session.hpp"
#include "probes/backoff.hpp"

namespace homeostat {

struct PgPartitionsOptions {
  pg::Address address;     ///< as the monitor
  std::string table;       ///< SCHEMA.TABLE, as SQL reads it
  std::uint64_t seed = 0;  ///< of the reconnect's jitter
};

/// Samples about `cluster`, of the partitions that hold rows (those at the end of the tree):
///   pg_partition_cv              standard deviation of their rows ÷ mean; of the population
///   pg_largest_partition_share   rows of the largest ÷ all
/// Both are 0/0 while there are no rows. Rows by the rule of row_count(); where it had only old
/// ones a note says so. Another note says that nothing can be moved. No lock is taken on a
/// partition. Errors: not_found where there is no such table, refused where it is not partitioned
/// by hash; a connection that is down is tried again by Backoff.
class PgPartitions : public Probe {
 public:
  PgPartitions(boost::asio::any_io_executor executor, PgPartitionsOptions options);

  std::string_view name() const override { return "pg_partitions"; }
  Subject subject() const override { return {}; }
  std::vector<SignalName> signals() const override {
    return {"pg_partition_cv", "pg_largest_partition_share"};
  }
  [[nodiscard]] boost::asio::awaitable<Result<Reading>> sample(TimePoint now,
                                                               Duration deadline) override;

 private:
  boost::asio::awaitable<Result<Reading>> read(TimePoint now, Duration deadline);

  PgPartitionsOptions options_;
  pg::Session session_;
  Backoff backoff_;
  std::string last_error_;
};

}  // namespace homeostat
