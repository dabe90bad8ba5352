// SPDX-License-Identifier: Apache-2.0
#include "actuators/planner_profile.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "actuators/sql_change.hpp"
#include "sql/embedded.hpp"

namespace homeostat {
namespace asio = boost::asio;
namespace {

constexpr Duration kBetweenCounts = std::chrono::seconds{5};

/// The value as the ledger keeps it; nothing when it is none of a profile.
std::optional<std::string> settings_of(const LeverValue& value) {
  auto settings = nlohmann::json::object();
  for (const auto& [key, argument] : value.arguments) {
    const auto* text = std::get_if<std::string>(&argument);
    if (text == nullptr || key.find('\0') != std::string::npos) return std::nullopt;
    settings[key] = *text;
  }
  if (settings.empty()) return std::nullopt;
  return settings.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

PlannerProfileLever::PlannerProfileLever(pg::Session& session, const Clock& clock,
                                         Duration deadline)
    : session_{session}, clock_{clock}, deadline_{deadline} {}

asio::awaitable<Result<LeverValue>> PlannerProfileLever::read(std::string target) {
  if (!is_target(target, "profile")) {
    Error error{ErrorCode::invalid_input, "no target of lever planner_profile", {}};
    co_return error;
  }
  std::string statement{sql::profile_read};
  co_return co_await read_value(session_, std::move(statement), std::move(target), deadline_);
}

asio::awaitable<Result<ChangeResult>> PlannerProfileLever::apply(Change change) {
  if (!is_target(change.desired.key.target, "profile")) {
    co_return refused_change("no target of lever planner_profile");
  }
  auto settings = settings_of(change.desired.value);
  if (change.kind == ChangeKind::apply && !settings) {
    co_return refused_change("planner_profile takes texts by role/setting, one at least");
  }
  const ChangeStatements statements{sql::profile_apply, sql::profile_renew, sql::profile_revert};
  auto statement = statement_for(change, statements, std::move(settings).value_or(""));
  const auto table = co_await session_.query(std::move(statement.text),
                                             std::move(statement.parameters), deadline_);
  counted_.reset();
  co_return change_answer(table);
}

asio::awaitable<Result<void>> PlannerProfileLever::after_step() {
  const auto now = clock_.now();
  if (counted_ && now - *counted_ < kBetweenCounts) co_return Result<void>{};
  counted_ = now;
  const auto table =
      co_await session_.query(std::string{sql::profile_stale_sessions}, {}, deadline_);
  if (!table.has_value()) co_return table.error();
  stale_.clear();
  for (int row = 0; row < table->rows(); ++row) {
    const std::string role{table->text(row, 0).value_or("")};
    stale_[role] = static_cast<int>(table->integer(row, 1).value_or(0));
  }
  co_return Result<void>{};
}

}  // namespace homeostat
