// SPDX-License-Identifier: Apache-2.0
#include "actuators/batch_window.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "actuators/sql_change.hpp"
#include "actuators/window_message.hpp"
#include "policies/model/codec.hpp"
#include "sql/embedded.hpp"

namespace homeostat {
namespace asio = boost::asio;
namespace {

constexpr Duration kBetweenReadings = std::chrono::seconds{5};

/// Nothing: it is no target. Kafka's names of groups are longer than those of the inventory.
std::optional<std::string> group_of(std::string_view target) {
  constexpr std::string_view kKind = "group/";
  constexpr std::size_t kLongest = 249;
  const auto name = target.substr(std::min(kKind.size(), target.size()));
  const bool fits = target.starts_with(kKind) && !name.empty() && name.size() <= kLongest;
  if (!fits || name.find('\0') != std::string_view::npos) return std::nullopt;
  return std::string{name};
}

std::string dumped(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

LeverValue value_of(double window_ms, std::int64_t drain_limit) {
  LeverValue value;
  value.arguments["window"] = window_ms / 1000;
  value.arguments["drain_limit"] = static_cast<double>(drain_limit);
  return value;
}

/// Whether the record is the message of that row of the mirror.
bool says(const KeyedRecord& record, const WindowMessage& message, const pg::Table& mirror) {
  return record.issuer == mirror.text(0, 4) && message.epoch == mirror.integer(0, 1) &&
         message.window_ms == mirror.number(0, 2) && message.drain_limit == mirror.integer(0, 3);
}

ChangeResult left_unknown(std::string detail) {
  ChangeResult made;
  made.outcome = ChangeOutcome::unknown;
  made.detail = std::move(detail);
  return made;
}

}  // namespace

BatchWindowLever::BatchWindowLever(pg::Session& session, std::unique_ptr<KeyedTopic> topic,
                                   const Clock& clock, Duration deadline)
    : session_{session}, topic_{std::move(topic)}, clock_{clock}, deadline_{deadline} {}

asio::awaitable<Result<LeverValue>> BatchWindowLever::read(std::string target) {
  const auto group = group_of(target);
  if (!group) {
    Error error{ErrorCode::invalid_input, "no target of lever batch_window", {}};
    co_return error;
  }
  std::vector<pg::Parameter> parameters;
  parameters.emplace_back(std::move(target));
  const auto mirror =
      co_await session_.query(std::string{sql::window_read}, std::move(parameters), deadline_);
  if (!mirror.has_value()) co_return mirror.error();
  const auto record = co_await topic_->last(*group, deadline_);
  LeverValue baseline;
  if (!record.has_value()) {
    if (record.error().code == ErrorCode::not_found) co_return baseline;
    co_return record.error();
  }
  if (!*record || !(*record)->value) co_return baseline;
  const auto message = parse_window_message(*(*record)->value);
  if (!message) co_return baseline;
  const auto ours = mirror->rows() > 0 ? mirror->text(0, 0) : std::nullopt;
  if (!ours || !says(**record, *message, *mirror)) {
    auto theirs = value_of(message->window_ms, message->drain_limit);
    co_return theirs;
  }
  const auto parsed = nlohmann::json::parse(*ours, nullptr, false);
  co_return lever_value_from_json(parsed);
}

// A topic that is not there has no record either, and is made for the first one.
asio::awaitable<Result<std::optional<KeyedRecord>>> BatchWindowLever::look(std::string group,
                                                                           ChangeKind kind) {
  const auto seen = co_await topic_->last(std::move(group), deadline_);
  if (seen.has_value() || seen.error().code != ErrorCode::not_found) co_return seen;
  Result<std::optional<KeyedRecord>> none{std::optional<KeyedRecord>{}};
  if (kind == ChangeKind::revert) co_return none;
  const auto made = co_await topic_->make(deadline_);
  if (made.has_value()) co_return none;
  auto error = made.error();
  error.context =
      "topic " + topic_->name() + " does not exist, and cannot be made: " + error.context;
  co_return error;
}

asio::awaitable<Result<ChangeResult>> BatchWindowLever::apply(Change change) {
  const auto group = group_of(change.desired.key.target);
  if (!group) co_return refused_change("no target of lever batch_window");
  const auto kind = change.kind;
  auto seen = co_await look(*group, kind);
  if (!seen.has_value() && kind != ChangeKind::revert) {
    co_return refused_change("the control topic cannot be asked: " + seen.error().context);
  }
  co_return co_await write(std::move(change), std::move(seen));
}

asio::awaitable<Result<ChangeResult>> BatchWindowLever::write(
    Change change, Result<std::optional<KeyedRecord>> seen) {
  const auto group = group_of(change.desired.key.target).value_or("");
  const ChangeStatements statements{sql::window_apply, sql::window_renew, sql::window_revert};
  auto statement = statement_for(change, statements, dumped(to_json(change.desired.value)));
  statement.parameters.emplace_back();
  if (seen.has_value() && *seen) statement.parameters.back() = dumped(seen_in_topic(*seen));
  const auto table = co_await session_.query(std::move(statement.text),
                                             std::move(statement.parameters), deadline_);
  read_.reset();
  auto answer = change_answer(table);
  if (!answer.has_value() || answer->outcome != ChangeOutcome::applied) co_return answer;
  const auto text = table->text(0, 2);
  if (!text) co_return answer;  // nothing to say
  if (!seen.has_value()) {
    co_return left_unknown(
        "given back in the ledger; the message runs out by itself, for the "
        "control topic cannot be asked: " +
        seen.error().context);
  }
  const auto message = nlohmann::json::parse(*text, nullptr, false);
  if (!message.is_object()) {
    Error error{ErrorCode::protocol, "the schema answered no JSON for a message", {}};
    co_return error;
  }
  std::optional<std::string> value;
  if (message.contains("value")) value = dumped(message["value"]);
  auto issuer = message.value("issuer", "");
  const auto sent = co_await topic_->write(group, std::move(value), std::move(issuer), deadline_);
  if (sent.has_value()) co_return answer;
  co_return left_unknown("written down, but not confirmed by the control topic: " +
                         sent.error().context);
}

asio::awaitable<Result<void>> BatchWindowLever::after_step() {
  const auto now = clock_.now();
  if (read_ && now - *read_ < kBetweenReadings) co_return Result<void>{};
  const auto table = co_await session_.query(std::string{sql::window_standing}, {}, deadline_);
  if (!table.has_value()) co_return table.error();
  read_ = now;
  windows_.clear();
  for (int row = 0; row < table->rows(); ++row) {
    BatchWindow window;
    window.group = table->text(row, 0).value_or("");
    window.window_ms = table->number(row, 1).value_or(0);
    window.drain_limit = table->integer(row, 2).value_or(0);
    window.epoch = table->integer(row, 3).value_or(0);
    window.expires = WallTime{std::chrono::milliseconds{table->integer(row, 4).value_or(0)}};
    window.reason = table->text(row, 5).value_or("");
    windows_.push_back(std::move(window));
  }
  co_return Result<void>{};
}

}  // namespace homeostat
