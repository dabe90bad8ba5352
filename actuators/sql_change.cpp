// SPDX-License-Identifier: Apache-2.0
#include "actuators/sql_change.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "policies/model/codec.hpp"
#include "sql/embedded.hpp"

namespace homeostat {
namespace asio = boost::asio;
namespace {

constexpr std::size_t kLongestHint = 7000;  // PostgreSQL takes less than 8,000 bytes

bool is_name_character(char character) {
  const auto in = [character](char first, char last) {
    return character >= first && character <= last;
  };
  return in('a', 'z') || in('A', 'Z') || in('0', '9') || character == '_' || character == '.' ||
         character == ':' || character == '-';
}

}  // namespace

bool is_inventory_name(std::string_view name) {
  return !name.empty() && name.size() <= 63 &&
         std::all_of(name.begin(), name.end(), is_name_character) && name[0] != '.' &&
         name[0] != ':' && name[0] != '-';
}

bool is_target(std::string_view target, std::string_view kind) {
  const auto slash = target.find('/');
  return slash != std::string_view::npos && target.substr(0, slash) == kind &&
         is_inventory_name(target.substr(slash + 1));
}

Statement statement_for(const Change& change, const ChangeStatements& statements,
                        std::string value) {
  const auto& to = change.desired;
  const auto epoch = std::to_string(change.token.epoch);
  const auto sequence = std::to_string(change.token.sequence);
  const auto ttl = std::to_string(to.ttl.count());
  const auto subject = to_text(to.subject);
  const auto rung = std::to_string(to.rung);
  Statement made;
  switch (change.kind) {
    case ChangeKind::apply:
      made.text = statements.apply;
      made.parameters = {epoch,     sequence, to.key.target, std::move(value), ttl,
                         to.policy, subject,  rung,          to.policy_hash,   to.reason};
      break;
    case ChangeKind::renew:
      made.text = statements.renew;
      made.parameters = {epoch,     sequence, to.key.target, ttl,
                         to.policy, subject,  rung,          to.policy_hash};
      break;
    case ChangeKind::revert:
      made.text = statements.revert;
      made.parameters = {epoch, sequence, to.key.target, to.policy, subject, to.reason};
      break;
  }
  return made;
}

asio::awaitable<Result<LeverValue>> read_value(pg::Session& session, std::string statement,
                                               std::string target, Duration deadline) {
  LeverValue baseline;
  std::vector<pg::Parameter> parameters;
  parameters.emplace_back(std::move(target));
  const auto table = co_await session.query(std::move(statement), std::move(parameters), deadline);
  if (!table.has_value()) co_return table.error();
  const auto text = table->text(0, 0);
  if (!text) co_return baseline;
  const auto parsed = nlohmann::json::parse(*text, nullptr, false);
  if (parsed.is_discarded()) {
    Error error{ErrorCode::protocol, "the schema answered no JSON for where a lever stands", {}};
    co_return error;
  }
  co_return lever_value_from_json(parsed);
}

asio::awaitable<Result<void>> send_hint(pg::Session& session, std::string lever, std::string json,
                                        Duration deadline) {
  if (json.size() > kLongestHint) json = R"({"lever":")" + lever + R"("})";  // look for yourself
  std::vector<pg::Parameter> parameters;
  parameters.emplace_back(std::move(json));
  const auto sent =
      co_await session.query(std::string{sql::feature_notify}, std::move(parameters), deadline);
  if (!sent.has_value()) co_return sent.error();
  co_return Result<void>{};
}

ChangeResult refused_change(std::string why) {
  ChangeResult made;
  made.outcome = ChangeOutcome::refused;
  made.detail = std::move(why);
  return made;
}

Result<ChangeResult> change_answer(const Result<pg::Table>& table) {
  if (!table.has_value()) {
    if (table.error().code != ErrorCode::refused) return table.error();
    return refused_change(table.error().context);
  }
  const auto outcome = parse_change_outcome(table->text(0, 0).value_or(""));
  if (!outcome || *outcome == ChangeOutcome::unknown) {
    return Error{ErrorCode::protocol, "a lever's function answered without an outcome", {}};
  }
  ChangeResult made;
  made.outcome = *outcome;
  made.detail = table->text(0, 1).value_or("");
  return made;
}

}  // namespace homeostat
