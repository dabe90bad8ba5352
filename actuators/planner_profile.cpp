// SPDX-License-Identifier: Apache-2.0
#include "actuators/planner_profile.hpp"

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "actuators/sql_change.hpp"
#include "policies/model/codec.hpp"
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

struct Statement {
  std::string_view sql;
  std::vector<pg::Parameter> parameters;
};

Statement statement_for(const Change& change, std::string settings) {
  const auto& to = change.desired;
  const auto epoch = std::to_string(change.token.epoch);
  const auto sequence = std::to_string(change.token.sequence);
  const auto ttl = std::to_string(to.ttl.count());
  const auto subject = to_text(to.subject);
  const auto rung = std::to_string(to.rung);
  Statement made;
  switch (change.kind) {
    case ChangeKind::apply:
      made.sql = sql::profile_apply;
      made.parameters = {epoch,     sequence, to.key.target, std::move(settings), ttl,
                         to.policy, subject,  rung,          to.policy_hash,      to.reason};
      break;
    case ChangeKind::renew:
      made.sql = sql::profile_renew;
      made.parameters = {epoch,     sequence, to.key.target, ttl,
                         to.policy, subject,  rung,          to.policy_hash};
      break;
    case ChangeKind::revert:
      made.sql = sql::profile_revert;
      made.parameters = {epoch, sequence, to.key.target, to.policy, subject, to.reason};
      break;
  }
  return made;
}

}  // namespace

PlannerProfileLever::PlannerProfileLever(pg::Session& session, const Clock& clock,
                                         Duration deadline)
    : session_{session}, clock_{clock}, deadline_{deadline} {}

asio::awaitable<Result<LeverValue>> PlannerProfileLever::read(std::string target) {
  LeverValue value;
  if (!is_target(target, "profile")) {
    Error error{ErrorCode::invalid_input, "no target of lever planner_profile", {}};
    co_return error;
  }
  std::vector<pg::Parameter> parameters;
  parameters.emplace_back(std::move(target));
  const auto table =
      co_await session_.query(std::string{sql::profile_read}, std::move(parameters), deadline_);
  if (!table.has_value()) co_return table.error();
  const auto text = table->text(0, 0);
  if (!text) co_return value;
  const auto parsed = nlohmann::json::parse(*text, nullptr, false);
  if (parsed.is_discarded()) {
    Error error{ErrorCode::protocol, "homeostat.profile_read() answered no JSON", {}};
    co_return error;
  }
  co_return lever_value_from_json(parsed);
}

asio::awaitable<Result<ChangeResult>> PlannerProfileLever::apply(Change change) {
  if (!is_target(change.desired.key.target, "profile")) {
    co_return refused_change("no target of lever planner_profile");
  }
  auto settings = settings_of(change.desired.value);
  if (change.kind == ChangeKind::apply && !settings) {
    co_return refused_change("planner_profile takes texts by role/setting, one at least");
  }
  auto statement = statement_for(change, std::move(settings).value_or(""));
  const auto table = co_await session_.query(std::string{statement.sql},
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
