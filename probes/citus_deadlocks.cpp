// SPDX-License-Identifier: Apache-2.0
#include "probes/citus_deadlocks.hpp"

#include <utility>
#include <vector>

#include "sql/embedded.hpp"

namespace homeostat {

namespace asio = boost::asio;

namespace {

constexpr Duration kAskAgain = std::chrono::minutes{1};

}  // namespace

asio::awaitable<void> CitusDeadlocks::read(CitusNode& coordinator, TimePoint now,
                                           Duration deadline) {
  if (!due(now)) co_return;
  unread_.clear();
  const Result<void> counted = co_await count(coordinator, deadline);
  if (counted.has_value()) {
    unknown_.clear();
    co_return;
  }
  unknown_ = counted.error().context;
  lost_ = lost_ || place_;
  place_.reset();
  due_ = now + kAskAgain;
}

asio::awaitable<Result<void>> CitusDeadlocks::count(CitusNode& coordinator, Duration deadline) {
  const auto cannot = [](const char* why) { return Error{ErrorCode::refused, why}; };
  Result<pg::Table> may = co_await coordinator.query(sql::citus_deadlocks_may, deadline);
  if (!may.has_value()) co_return may.error();
  if (may->string(0, 0) != "t") {
    co_return cannot("the coordinator's log may not be read (homeostat grants --deadlocks)");
  }
  std::string statement{sql::citus_deadlocks};
  std::vector<pg::Parameter> parameters;
  parameters.emplace_back(place_ ? pg::Parameter{place_->file} : std::nullopt);
  parameters.emplace_back(place_ ? pg::Parameter{std::to_string(place_->bytes)} : std::nullopt);
  Result<pg::Table> table =
      co_await coordinator.query(std::move(statement), std::move(parameters), deadline);
  if (!table.has_value()) co_return table.error();
  const auto file = table->text(0, 0);
  if (!file) {
    co_return cannot(
        "the coordinator keeps no log of its own (logging_collector, log_destination)");
  }
  place_ = {std::string{*file}, table->integer(0, 1).value_or(0)};
  total_ += table->number(0, 2).value_or(0);
  const auto unread = table->integer(0, 3);
  if (lost_ || !unread) {
    unread_ = "a part of the coordinator's log, nobody knows how much, went by unread";
  } else if (*unread > 0) {
    unread_ = std::to_string(*unread) + " bytes of the coordinator's log were too many to read";
  }
  lost_ = false;
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
