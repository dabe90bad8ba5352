// SPDX-License-Identifier: Apache-2.0
#include "actuators/feature.hpp"

#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "actuators/sql_change.hpp"
#include "sql/embedded.hpp"

namespace homeostat {
namespace asio = boost::asio;
namespace {

// Each notification serialises commits with every other one of the server (H55).
constexpr Duration kBetweenHints = std::chrono::seconds{1};
// Of every canary: the same keys for all features and policies, each time.
constexpr const char* kCanarySalt = "canary";

bool is_feature_target(std::string_view target) {
  return is_target(target, "class") || is_target(target, "feature");
}

// The shortest text that reads back as the same number.
std::string exact(double number) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, number).ptr;
  return {buffer, end};
}

std::optional<double> admit_of(const LeverValue& value) {
  const auto found = value.arguments.find("admit");
  if (value.arguments.size() != 1 || found == value.arguments.end()) return std::nullopt;
  const auto* share = std::get_if<double>(&found->second);
  if (share == nullptr || !(*share >= 0 && *share <= 1)) return std::nullopt;
  return *share;
}

}  // namespace

FeatureLever::FeatureLever(pg::Session& session, const Clock& clock, Duration deadline)
    : session_{session}, clock_{clock}, deadline_{deadline} {}

asio::awaitable<Result<LeverValue>> FeatureLever::read(std::string target) {
  LeverValue value;
  if (!is_feature_target(target)) {
    Error error{ErrorCode::invalid_input, "no target of lever feature", {}};
    co_return error;
  }
  std::vector<pg::Parameter> parameters;
  parameters.emplace_back(std::move(target));
  const auto table =
      co_await session_.query(std::string{sql::feature_read}, std::move(parameters), deadline_);
  if (!table.has_value()) co_return table.error();
  if (table->rows() == 0) co_return value;
  const auto admit = table->number(0, 0);
  if (!admit) {
    Error error{ErrorCode::protocol, "homeostat.admission holds no share", {}};
    co_return error;
  }
  value.arguments["admit"] = *admit;
  co_return value;
}

asio::awaitable<Result<ChangeResult>> FeatureLever::apply(Change change) {
  const auto kind = change.kind;
  const auto desired = change.desired;
  const auto admit = kind == ChangeKind::apply ? admit_of(desired.value) : 1.0;
  if (!is_feature_target(desired.key.target)) {
    co_return refused_change("no target of lever feature");
  }
  if (!admit) {
    co_return refused_change("feature takes one argument, admit: a share, 0 to 1");
  }
  auto written = co_await write(std::move(change));
  if (!written.has_value()) co_return written.error();
  if (kind == ChangeKind::renew) co_return written;
  if (written->outcome != ChangeOutcome::applied) co_return written;
  const auto trouble = co_await hint(desired, *admit);
  if (!trouble.empty()) written->detail = trouble;
  co_return written;
}

asio::awaitable<Result<ChangeResult>> FeatureLever::write(Change change) {
  const auto admit = admit_of(change.desired.value).value_or(1);
  const ChangeStatements statements{sql::feature_apply, sql::feature_renew, sql::feature_revert};
  auto statement = statement_for(change, statements, exact(admit));
  if (change.kind == ChangeKind::apply) {
    statement.parameters.emplace_back();
    if (change.desired.share < 1) statement.parameters.back() = kCanarySalt;
  }
  const auto table = co_await session_.query(std::move(statement.text),
                                             std::move(statement.parameters), deadline_);
  co_return change_answer(table);
}

// A transaction of its own after the lever's: a full notification queue must not undo the act.
asio::awaitable<std::string> FeatureLever::hint(const DesiredLever& changed, double admit) {
  hints_[changed.key.target] = admit;
  const auto sent = co_await after_step();
  if (sent.has_value()) co_return std::string{};
  co_return "the hint was not sent: " + sent.error().context;
}

asio::awaitable<Result<void>> FeatureLever::after_step() {
  const auto now = clock_.now();
  if (hints_.empty() || (hinted_ && now - *hinted_ < kBetweenHints)) co_return Result<void>{};
  nlohmann::json payload;
  payload["lever"] = "feature";
  payload["admit"] = std::exchange(hints_, {});
  hinted_ = now;
  co_return co_await send_hint(session_, "feature", payload.dump(), deadline_);
}

}  // namespace homeostat
