// SPDX-License-Identifier: Apache-2.0
#include "probes/admission_queue.hpp"

#include <map>
#include <utility>

#include "controller/transport/deadline.hpp"
#include "sql/embedded.hpp"

namespace homeostat {

namespace asio = boost::asio;
namespace {

// Shorter than a sample's deadline, so that it is the server who gives up.
pg::SessionSettings queue_session() {
  pg::SessionSettings settings;
  settings.statement_timeout = std::chrono::milliseconds{700};
  settings.lock_timeout = std::chrono::milliseconds{100};
  settings.read_only = true;
  return settings;
}

}  // namespace

AdmissionQueue::AdmissionQueue(asio::any_io_executor executor, AdmissionQueueOptions options)
    : options_{std::move(options)},
      session_{std::move(executor), options_.address, queue_session()},
      backoff_{options_.seed} {}

asio::awaitable<Result<Reading>> AdmissionQueue::sample(TimePoint now, Duration deadline) {
  const bool connecting = !session_.connected();
  if (connecting && now < backoff_.next()) {
    Error waiting{ErrorCode::unavailable, last_error_};
    co_return waiting;
  }
  Reading reading;
  auto work = read(now, deadline, reading);
  const Result<void> done = co_await with_deadline(std::move(work), deadline, "admission_queue");
  if (session_.connected()) {
    backoff_.succeeded();
  } else if (connecting) {
    backoff_.failed(now);
  }
  if (done.has_value()) co_return std::move(reading);
  last_error_ = done.error().context;
  co_return done.error();
}

asio::awaitable<Result<void>> AdmissionQueue::read(TimePoint now, Duration deadline,
                                                   Reading& reading) {
  if (!session_.connected()) {
    Result<void> connected = co_await session_.connect(deadline);
    if (!connected.has_value()) co_return connected;
  }
  std::vector<pg::Parameter> none;
  std::string statement{sql::zone_queue};
  Result<pg::Table> table =
      co_await session_.query(std::move(statement), std::move(none), deadline);
  if (!table.has_value()) co_return table.error();
  std::map<std::string, double> ages;
  for (int row = 0; row < table->rows(); ++row) {
    const auto age = table->number(row, 3);
    if (!age) {
      Error error{ErrorCode::protocol, "unexpected answer to zone_queue"};
      co_return error;
    }
    ages[table->string(row, 0)] = *age;
  }
  for (const auto& zone : options_.zones) {
    const auto found = ages.find(zone);
    reading.samples.push_back(gauge("admission_queue_age_seconds", {SubjectKind::zone, zone},
                                    found == ages.end() ? 0 : found->second, now));
  }
  co_return Result<void>{};
}

}  // namespace homeostat
