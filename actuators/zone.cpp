// SPDX-License-Identifier: Apache-2.0
#include "actuators/zone.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "actuators/sql_change.hpp"
#include "sql/embedded.hpp"

namespace homeostat {
namespace asio = boost::asio;
namespace {

// Each notification serialises commits with every other one of the server (H55).
constexpr Duration kBetweenRecoveryHints = std::chrono::seconds{1};
constexpr Duration kTellPlacesAgain = std::chrono::minutes{1};
constexpr const char* kNoPlaces = "[]";

bool is_recovery_target(std::string_view target) {
  return is_target(target, "zone") || is_target(target, "node");
}

std::optional<double> share_let_in(const LeverValue& value) {
  const auto found = value.arguments.find("admit");
  if (value.arguments.size() != 1 || found == value.arguments.end()) return std::nullopt;
  const auto* share = std::get_if<double>(&found->second);
  if (share == nullptr || !(*share >= 0 && *share <= 1)) return std::nullopt;
  return *share;
}

std::string places_json(const std::vector<ZonePlace>& places) {
  auto list = nlohmann::json::array();
  for (const auto& place : places) {
    nlohmann::json entry{{"zone", place.zone}, {"node", place.node}, {"here", place.here}};
    if (place.group) entry["group"] = *place.group;
    list.push_back(std::move(entry));
  }
  return list.dump();
}

}  // namespace

ZoneLever::ZoneLever(pg::Session& session, ZonePlaces places, const Clock& clock, Duration deadline)
    : session_{session}, places_{std::move(places)}, clock_{clock}, deadline_{deadline} {}

asio::awaitable<Result<LeverValue>> ZoneLever::read(std::string target) {
  if (!is_recovery_target(target)) {
    Error error{ErrorCode::invalid_input, "no target of lever zone", {}};
    co_return error;
  }
  std::string statement{sql::recovery_read};
  co_return co_await read_value(session_, std::move(statement), std::move(target), deadline_);
}

asio::awaitable<Result<ChangeResult>> ZoneLever::apply(Change change) {
  const auto kind = change.kind;
  const auto target = change.desired.key.target;
  if (!is_recovery_target(target)) co_return refused_change("no target of lever zone");
  std::string text;
  double told = 1;
  if (kind == ChangeKind::apply) {
    const auto share = share_let_in(change.desired.value);
    if (!share) co_return refused_change("zone takes one argument, admit: a share, 0 to 1");
    told = *share;
    nlohmann::json value;
    value["admit"] = told;
    text = value.dump();
    // A node's zones are turned away by where they are known to be.
    const auto placed = co_await tell_places();
    if (!placed.has_value()) co_return placed.error();
  }
  const ChangeStatements statements{sql::recovery_apply, sql::recovery_renew, sql::recovery_revert};
  auto statement = statement_for(change, statements, std::move(text));
  const auto table = co_await session_.query(std::move(statement.text),
                                             std::move(statement.parameters), deadline_);
  auto answer = change_answer(table);
  const bool changed =
      answer.has_value() && answer->outcome == ChangeOutcome::applied && kind != ChangeKind::renew;
  if (!changed) co_return answer;
  // A transaction of its own after the lever's: a full notification queue must not undo the act.
  hints_[target] = told;
  const auto sent = co_await send_hints();
  if (!sent.has_value()) answer->detail = "the hint was not sent: " + sent.error().context;
  co_return answer;
}

asio::awaitable<Result<void>> ZoneLever::after_step() {
  auto placed = co_await tell_places();
  if (!placed.has_value()) co_return placed;
  co_return co_await send_hints();
}

asio::awaitable<Result<void>> ZoneLever::tell_places() {
  auto places = places_json(places_());
  const auto now = clock_.now();
  const bool fresh = told_at_ && (told_ == kNoPlaces || now - *told_at_ < kTellPlacesAgain);
  if (fresh && places == told_) co_return Result<void>{};
  std::vector<pg::Parameter> parameters;
  parameters.emplace_back(places);
  const auto written =
      co_await session_.query(std::string{sql::zone_register}, std::move(parameters), deadline_);
  if (!written.has_value()) co_return written.error();
  told_ = std::move(places);
  told_at_ = now;
  co_return Result<void>{};
}

asio::awaitable<Result<void>> ZoneLever::send_hints() {
  const auto now = clock_.now();
  const bool held_back = hinted_ && now - *hinted_ < kBetweenRecoveryHints;
  if (hints_.empty() || held_back) co_return Result<void>{};
  nlohmann::json payload;
  payload["lever"] = "zone";
  payload["admit"] = std::exchange(hints_, {});
  hinted_ = now;
  co_return co_await send_hint(session_, "zone", payload.dump(), deadline_);
}

}  // namespace homeostat
