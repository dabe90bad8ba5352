// SPDX-License-Identifier: Apache-2.0
#include "probes/citus_deadlocks.hpp"

#include <utility>
#include <vector>

#include "sql/embedded.hpp"

namespace homeostat {

namespace asio = boost::asio;

asio::awaitable<Result<void>> CitusDeadlocks::read(CitusNode& coordinator, Duration deadline) {
  unread_.clear();
  Result<pg::Table> may = co_await coordinator.query(sql::citus_deadlocks_may, deadline);
  if (!may.has_value()) {
    unknown_ = may.error().context;
    co_return may.error();
  }
  if (may->string(0, 0) != "t") {
    unknown_ = "the coordinator's log may not be read (homeostat grants --deadlocks)";
    co_return Result<void>{};
  }
  std::string statement{sql::citus_deadlocks};
  std::vector<pg::Parameter> parameters;
  parameters.emplace_back(place_ ? pg::Parameter{place_->file} : std::nullopt);
  parameters.emplace_back(place_ ? pg::Parameter{std::to_string(place_->bytes)} : std::nullopt);
  Result<pg::Table> table =
      co_await coordinator.query(std::move(statement), std::move(parameters), deadline);
  if (!table.has_value()) {
    unknown_ = table.error().context;
    co_return table.error();
  }
  const auto file = table->text(0, 0);
  if (!file) {
    place_.reset();
    unknown_ = "logging_collector is off on the coordinator";
    co_return Result<void>{};
  }
  unknown_.clear();
  place_ = {std::string{*file}, table->integer(0, 1).value_or(0)};
  total_ += table->number(0, 2).value_or(0);
  const auto unread = table->integer(0, 3);
  if (!unread) {
    unread_ = "the file of the coordinator's log that was read last is gone";
  } else if (*unread > 0) {
    unread_ = std::to_string(*unread) + " bytes of the coordinator's log were too many to read";
  }
  co_return Result<void>{};
}

void CitusDeadlocks::add(TimePoint now, Reading& reading) const {
  const SignalName signal = "citus_deadlocks_total";
  if (unknown_.empty()) {
    reading.samples.push_back(gauge(signal, {}, total_, now));
  } else {
    // Nothing has failed: it takes a DBA to have them counted, which is nobody's blindness.
    reading.samples.push_back(absent(signal, {}, AbsentReason::never_sampled, now));
    reading.notes.push_back({{}, "deadlocks_unknown", unknown_});
  }
  if (!unread_.empty()) reading.notes.push_back({{}, "deadlocks_unread", unread_});
}

}  // namespace homeostat
