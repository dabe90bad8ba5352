// SPDX-License-Identifier: Apache-2.0
#include "probes/kafka_batches.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "controller/transport/deadline.hpp"
#include "sql/embedded.hpp"

namespace homeostat {

namespace asio = boost::asio;
namespace {

// Shorter than a sample's deadline, so that it is the server who gives up.
pg::SessionSettings reports_session() {
  pg::SessionSettings settings;
  settings.statement_timeout = std::chrono::milliseconds{700};
  settings.lock_timeout = std::chrono::milliseconds{100};
  settings.read_only = true;
  return settings;
}

}  // namespace

KafkaBatches::KafkaBatches(asio::any_io_executor executor, KafkaBatchesOptions options,
                           std::shared_ptr<BatchReports> reports)
    : options_{std::move(options)},
      reports_{std::move(reports)},
      session_{std::move(executor), options_.address, reports_session()},
      backoff_{options_.seed} {}

asio::awaitable<Result<Reading>> KafkaBatches::sample(TimePoint now, Duration deadline) {
  if (!asked_ || now - *asked_ >= options_.every) {
    asked_ = now;
    auto work = ask(now, deadline);
    const Result<void> done = co_await with_deadline(std::move(work), deadline, "kafka_batches");
    error_.reset();
    if (!done.has_value()) error_ = done.error();
    if (error_) *reports_ = BatchReports{true, {}};  // what is old is no present state
  }
  if (error_) co_return *error_;
  Reading reading;
  if (!trouble_.empty()) reading.notes.push_back({subject(), "batches", trouble_});
  co_return std::move(reading);
}

asio::awaitable<Result<void>> KafkaBatches::ask(TimePoint now, Duration deadline) {
  if (!session_.connected()) {
    if (now < backoff_.next()) {
      Error waiting{ErrorCode::unavailable, "waiting before the next attempt to connect"};
      if (error_) waiting = *error_;
      co_return waiting;
    }
    Result<void> connected = co_await session_.connect(deadline);
    if (!connected.has_value()) {
      backoff_.failed(now);
      co_return connected;
    }
    backoff_.succeeded();
  }
  Result<void> done = co_await read(deadline);
  trouble_.clear();
  if (done.has_value() || !session_.connected()) co_return done;
  trouble_ = "what consumers report cannot be read: " + done.error().context;
  *reports_ = BatchReports{};
  co_return Result<void>{};
}

asio::awaitable<Result<void>> KafkaBatches::read(Duration deadline) {
  std::vector<pg::Parameter> parameters;
  parameters.emplace_back(std::to_string(to_seconds(options_.window)));
  parameters.emplace_back(std::to_string(to_seconds(options_.active)));
  parameters.emplace_back(nlohmann::json(options_.groups).dump());
  std::string statement{sql::kafka_batches_sample};
  Result<pg::Table> table =
      co_await session_.query(std::move(statement), std::move(parameters), deadline);
  if (!table.has_value()) co_return table.error();
  Result<void> taken = take(*table);
  co_return taken;
}

Result<void> KafkaBatches::take(const pg::Table& table) {
  BatchReports found;
  for (int row = 0; row < table.rows(); ++row) {
    GroupReports group;
    double members = 0;
    double* const numbers[] = {&group.sums.batches,      &group.sums.events,
                               &group.sums.busy_seconds, &group.sums.events_squared,
                               &group.sums.events_busy,  &members};
    int column = 1;
    for (double* number : numbers) {
      const auto value = table.number(row, column++);
      if (!value) return Error{ErrorCode::protocol, "unexpected answer to kafka_batches_sample"};
      *number = *value;
    }
    group.members = static_cast<int>(members);
    found.groups.emplace(table.string(row, 0), group);
  }
  *reports_ = std::move(found);
  return {};
}

}  // namespace homeostat
