// SPDX-License-Identifier: Apache-2.0
#include "actuators/end_session.hpp"

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "actuators/sql_change.hpp"
#include "policies/model/codec.hpp"
#include "sql/embedded.hpp"

namespace homeostat {
namespace asio = boost::asio;
namespace {

/// The server has rolled the statement back: the row stands as before, so the change is applied.
bool answered_no(const Error& error) {
  return error.code == ErrorCode::refused || error.code == ErrorCode::missing_privilege ||
         error.code == ErrorCode::cancelled;
}

}  // namespace

EndSessionLever::EndSessionLever(pg::Session& session, Duration deadline)
    : session_{session}, deadline_{deadline} {}

asio::awaitable<Result<LeverValue>> EndSessionLever::read(std::string target) {
  if (!is_target(target, "sessions")) {
    Error error{ErrorCode::invalid_input, "no target of lever end_session", {}};
    co_return error;
  }
  std::string statement{sql::sessions_read};
  co_return co_await read_value(session_, std::move(statement), std::move(target), deadline_);
}

asio::awaitable<Result<ChangeResult>> EndSessionLever::apply(Change change) {
  if (!is_target(change.desired.key.target, "sessions")) {
    co_return refused_change("no target of lever end_session");
  }
  const ChangeStatements statements{sql::sessions_apply, sql::sessions_renew, sql::sessions_revert};
  auto value =
      to_json(change.desired.value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  auto statement = statement_for(change, statements, std::move(value));
  if (change.kind == ChangeKind::renew) {
    statement.parameters.emplace_back(change.barred ? "true" : "false");
  }
  const auto table = co_await session_.query(std::move(statement.text),
                                             std::move(statement.parameters), deadline_);
  auto answer = change_answer(table);
  const bool picked = answer.has_value() && change.kind != ChangeKind::revert &&
                      table->integer(0, 2).value_or(0) > 0;
  if (!picked) co_return answer;
  co_return co_await end_picked(change.token, std::move(*answer));
}

asio::awaitable<Result<ChangeResult>> EndSessionLever::end_picked(FenceToken token,
                                                                  ChangeResult picked) {
  std::vector<pg::Parameter> parameters;
  parameters.emplace_back(std::to_string(token.epoch));
  parameters.emplace_back(std::to_string(token.sequence));
  const auto told =
      co_await session_.query(std::string{sql::sessions_end}, std::move(parameters), deadline_);
  if (!told.has_value() && !answered_no(told.error())) co_return told.error();
  std::string what = told.has_value() ? std::string{told->text(0, 0).value_or("")}
                                      : "nobody is ended: " + told.error().context;
  if (!picked.detail.empty()) what.append("; ").append(picked.detail);
  picked.detail = std::move(what);
  co_return picked;
}

}  // namespace homeostat
