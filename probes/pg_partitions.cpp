// SPDX-License-Identifier: Apache-2.0
#include "probes/pg_partitions.hpp"

#include <utility>

#include "controller/transport/deadline.hpp"
#include "probes/relative_sample.hpp"
#include "probes/shard_balance.hpp"
#include "sql/embedded.hpp"

namespace homeostat {

namespace asio = boost::asio;
namespace {

// Shorter than a sample's deadline, so that it is the server who gives up.
pg::SessionSettings partitions_session() {
  pg::SessionSettings settings;
  settings.statement_timeout = std::chrono::milliseconds{700};
  settings.lock_timeout = std::chrono::milliseconds{100};
  settings.read_only = true;
  return settings;
}

}  // namespace

PgPartitions::PgPartitions(asio::any_io_executor executor, PgPartitionsOptions options)
    : options_{std::move(options)},
      session_{std::move(executor), options_.address, partitions_session()},
      backoff_{options_.seed} {}

asio::awaitable<Result<Reading>> PgPartitions::sample(TimePoint now, Duration deadline) {
  const bool connecting = !session_.connected();
  if (connecting && now < backoff_.next()) {
    Error waiting{ErrorCode::unavailable, last_error_};
    co_return waiting;
  }
  auto work = read(now, deadline);
  Result<Reading> done = co_await with_deadline(std::move(work), deadline, "pg_partitions");
  if (session_.connected()) {
    backoff_.succeeded();
  } else if (connecting) {
    backoff_.failed(now);
  }
  if (!done.has_value()) last_error_ = done.error().context;
  co_return done;
}

asio::awaitable<Result<Reading>> PgPartitions::read(TimePoint now, Duration deadline) {
  if (!session_.connected()) {
    Result<void> connected = co_await session_.connect(deadline);
    if (!connected.has_value()) co_return connected.error();
  }
  std::vector<pg::Parameter> parameters;
  parameters.emplace_back(options_.table);
  std::string statement{sql::pg_partitions_sample};
  Result<pg::Table> table =
      co_await session_.query(std::move(statement), std::move(parameters), deadline);
  if (!table.has_value()) co_return table.error();
  if (table->rows() == 0) {
    Error missing{ErrorCode::not_found, "there is no table " + options_.table};
    co_return missing;
  }
  if (table->string(0, 0) != "h") {
    Error other{ErrorCode::refused, options_.table + " is not partitioned by hash"};
    co_return other;
  }
  std::vector<Holding> rows;
  double most = 0;
  std::string largest;
  bool stale = false;
  for (int row = 0; row < table->rows(); ++row) {
    if (!table->text(row, 1)) continue;  // no partitions yet
    const auto count = row_count({table->number(row, 2).value_or(-1),
                                  table->number(row, 3).value_or(0), table->string(row, 4) == "t"});
    if (rows.empty() || count.rows > most) {
      most = count.rows;
      largest = table->string(row, 1);
    }
    rows.push_back({count.rows});
    stale = stale || count.stale;
  }
  Reading reading;
  const auto found = spread(rows);
  const double all = found.mean * static_cast<double>(rows.size());
  reading.samples.push_back(relative("pg_partition_cv", found.deviation, found.mean, now));
  reading.samples.push_back(relative("pg_largest_partition_share", most, all, now));
  reading.notes.push_back({{},
                           "partitions",
                           std::to_string(rows.size()) + " of " + options_.table +
                               (all > 0 ? ", the largest is " + largest : std::string()) +
                               "; moves unsupported: they lie on one server"});
  if (stale) {
    reading.notes.push_back(
        {{}, "stale_rows", "rows as of before a crash; run ANALYZE " + options_.table});
  }
  co_return reading;
}

}  // namespace homeostat
