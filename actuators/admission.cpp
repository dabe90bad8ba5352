// SPDX-License-Identifier: Apache-2.0
#include "actuators/admission.hpp"

#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "actuators/sql_change.hpp"
#include "sql/embedded.hpp"

namespace homeostat {
namespace asio = boost::asio;
namespace {

// Each notification serialises commits with every other one of the server (H55).
constexpr Duration kBetweenZoneHints = std::chrono::seconds{1};

std::optional<double> number_of(const LeverValue& value, const std::string& argument, double least,
                                double most) {
  const auto found = value.arguments.find(argument);
  if (found == value.arguments.end()) return std::nullopt;
  const auto* number = std::get_if<double>(&found->second);
  if (number == nullptr || !(*number >= least && *number <= most)) return std::nullopt;
  return *number;
}

}  // namespace

AdmissionLever::AdmissionLever(pg::Session& session, const Clock& clock, Duration deadline,
                               std::unique_ptr<PoolSizes> pools)
    : session_{session}, clock_{clock}, deadline_{deadline}, pools_{std::move(pools)} {}

asio::awaitable<Result<LeverValue>> AdmissionLever::read(std::string target) {
  if (!is_target(target, "zone")) {
    Error error{ErrorCode::invalid_input, "no target of lever admission", {}};
    co_return error;
  }
  std::string statement{sql::zone_read};
  co_return co_await read_value(session_, std::move(statement), std::move(target), deadline_);
}

asio::awaitable<Result<ChangeResult>> AdmissionLever::apply(Change change) {
  const auto kind = change.kind;
  const auto target = change.desired.key.target;
  if (!is_target(target, "zone")) co_return refused_change("no target of lever admission");
  std::string text;
  std::optional<double> told;
  if (kind == ChangeKind::apply) {
    const auto slots = number_of(change.desired.value, "concurrency", 1, 10'000);
    const auto limit = number_of(change.desired.value, "queue_limit", 0, 0.5);
    if (!slots || !limit || change.desired.value.arguments.size() != 2) {
      co_return refused_change(
          "admission takes two arguments: concurrency, 1 to 10,000, and queue_limit, 0 to 500 ms");
    }
    told = std::floor(*slots);
    nlohmann::json value;
    value["concurrency"] = *slots;
    value["queue_limit"] = *limit;
    text = value.dump();
  }
  const ChangeStatements statements{sql::zone_apply, sql::zone_renew, sql::zone_revert};
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

asio::awaitable<Result<void>> AdmissionLever::after_step() {
  const auto sent = co_await send_hints();
  if (pools_) {
    const auto kept = co_await pools_->keep();
    if (!kept.has_value()) co_return kept.error();
  }
  co_return sent;
}

std::vector<Note> AdmissionLever::notes() const {
  return pools_ ? pools_->notes() : std::vector<Note>{};
}

asio::awaitable<Result<void>> AdmissionLever::send_hints() {
  const auto now = clock_.now();
  if (hints_.empty() || (hinted_ && now - *hinted_ < kBetweenZoneHints)) co_return Result<void>{};
  nlohmann::json zones = nlohmann::json::object();
  for (const auto& [target, slots] : std::exchange(hints_, {})) {
    zones[target] = nullptr;  // no limit
    if (slots) zones[target] = *slots;
  }
  nlohmann::json payload;
  payload["lever"] = "admission";
  payload["concurrency"] = std::move(zones);
  hinted_ = now;
  co_return co_await send_hint(session_, "admission", payload.dump(), deadline_);
}

}  // namespace homeostat
