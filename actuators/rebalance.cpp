// SPDX-License-Identifier: Apache-2.0
#include "actuators/rebalance.hpp"

#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "actuators/sql_change.hpp"
#include "policies/model/codec.hpp"
#include "sql/embedded.hpp"

namespace homeostat {
namespace asio = boost::asio;
namespace {

constexpr const char* kCluster = "cluster";
constexpr Duration kBetweenLooks = std::chrono::seconds{2};
// A worker that hangs costs the loop one deadline each time.
constexpr Duration kBetweenStarts = kLongestBetweenStarts;

std::string plan_json(const ShardMoves& plan) {
  auto moves = nlohmann::json::array();
  for (const auto& move : plan.moves) {
    moves.push_back({{"shard", move.shard},
                     {"node", move.node_group},
                     {"bytes", static_cast<std::int64_t>(std::llround(move.bytes))}});
  }
  return moves.dump();
}

std::string described(const ShardMoves& plan) {
  double bytes = 0;
  for (const auto& move : plan.moves) bytes += move.bytes;
  std::string text = "moves " + std::to_string(plan.moves.size()) + " shard groups, " +
                     std::to_string(std::llround(bytes)) + " bytes";
  if (!plan.remark.empty()) text += "; " + plan.remark;
  return text;
}

std::optional<JobPhase> phase_of(const std::string& text) {
  if (text == "ordered") return JobPhase::running;
  return parse_job_phase(text);
}

/// Of what a task of Citus ended with: where that was, and by which statement, is in its log.
std::string first_told(const std::string& message) { return message.substr(0, message.find('\n')); }

/// By what it took so far; nothing before anything has arrived.
std::optional<Duration> left_of(Duration elapsed, double done, double total) {
  if (done <= 0 || total < done) return std::nullopt;
  return from_seconds(to_seconds(elapsed) * (total - done) / done);
}

}  // namespace

RebalanceLever::RebalanceLever(asio::any_io_executor executor, pg::Session& session,
                               pg::Address address, PlanShards plan, const Clock& clock,
                               Duration deadline)
    : executor_{std::move(executor)},
      session_{session},
      address_{std::move(address)},
      plan_{std::move(plan)},
      clock_{clock},
      deadline_{deadline} {}

asio::awaitable<Result<LeverValue>> RebalanceLever::read(std::string target) {
  co_return co_await read_value(session_, std::string{sql::rebalance_read}, std::move(target),
                                deadline_);
}

asio::awaitable<Result<ChangeResult>> RebalanceLever::apply(Change change) {
  if (change.desired.key.target != kCluster) {
    co_return refused_change("no target of lever rebalance: expected cluster");
  }
  const bool orders = change.kind == ChangeKind::apply;
  ShardMoves plan;
  if (orders) {
    auto made = plan_(change.desired.value);
    if (!made.has_value()) co_return refused_change(made.error().context);
    plan = std::move(*made);
  }
  const ChangeStatements statements{sql::rebalance_apply, sql::rebalance_renew,
                                    sql::rebalance_revert};
  const auto epoch = change.token.epoch;
  auto statement = statement_for(change, statements, to_json(change.desired.value).dump());
  if (orders) statement.parameters.emplace_back(plan_json(plan));
  auto answer = change_answer(co_await session_.query(std::move(statement.text),
                                                      std::move(statement.parameters), deadline_));
  looked_.reset();
  if (!answer.has_value() || answer->outcome != ChangeOutcome::applied) co_return answer;
  epoch_ = epoch;
  if (change.kind != ChangeKind::renew) {
    ordered_.reset();
    tried_ = {};
  }
  if (!orders || !answer->detail.empty()) co_return answer;
  ordered_ = clock_.now();
  answer->detail = described(plan);
  if (const auto why_not = co_await start(); !why_not.empty()) {
    answer->detail += "; not started yet: " + why_not;
  }
  co_return answer;
}

asio::awaitable<std::string> RebalanceLever::start() {
  tried_to_start_ = clock_.now();
  auto why_not = co_await ask_to_start();
  if (why_not.empty()) {
    tried_ = {};
    co_return why_not;
  }
  if (tried_.tries == 0) tried_.since = *tried_to_start_;
  ++tried_.tries;
  tried_.why = why_not;
  co_return why_not;
}

asio::awaitable<std::string> RebalanceLever::ask_to_start() {
  pg::SessionSettings settings;
  settings.statement_timeout = deadline_;
  pg::Session session{executor_, address_, settings};
  const auto connected = co_await session.connect(deadline_);
  if (!connected.has_value()) co_return connected.error().context;
  std::vector<pg::Parameter> parameters;
  parameters.emplace_back(std::to_string(epoch_));
  const auto table =
      co_await session.query(std::string{sql::rebalance_start}, std::move(parameters), deadline_);
  if (!table.has_value()) co_return table.error().context;
  const bool stands = table->string(0, 0) == "t" || table->integer(0, 1).has_value();
  co_return stands ? std::string{} : table->string(0, 2);
}

asio::awaitable<Result<void>> RebalanceLever::after_step() {
  const auto now = clock_.now();
  if (looked_ && now - *looked_ < kBetweenLooks) co_return Result<void>{};
  const auto ordered = co_await look();
  if (!ordered.has_value()) co_return ordered.error();
  looked_ = now;
  const bool due = !tried_to_start_ || now - *tried_to_start_ >= kBetweenStarts;
  if (*ordered && epoch_ > 0 && due) {
    const auto why_not = co_await start();
    if (!why_not.empty()) {
      Error error{ErrorCode::unavailable, "not started yet: " + why_not, {}};
      co_return error;
    }
  }
  co_return Result<void>{};
}

// True: a job is written down that has not been started.
asio::awaitable<Result<bool>> RebalanceLever::look() {
  const auto table = co_await session_.query(std::string{sql::rebalance_look}, {}, deadline_);
  if (!table.has_value()) co_return table.error();
  jobs_.clear();
  if (table->rows() == 0) co_return false;
  const auto text = table->string(0, 0);
  auto phase = phase_of(text);
  if (!phase) {
    Error error{ErrorCode::protocol, "the schema answered a phase that is none", {}};
    co_return error;
  }
  const auto number = [&](int column) { return table->number(0, column).value_or(0); };
  // What is only ordered runs on the time of its order: nothing of it may last for ever.
  const bool ordered = text == "ordered";
  bool wanted = false;
  if (ordered) {
    const auto stands = co_await still_wanted();
    if (!stands.has_value()) co_return stands.error();
    wanted = *stands;
    if (!wanted) phase = JobPhase::stopped;
    if (!ordered_) ordered_ = clock_.now();
  }
  if (!wanted) tried_ = {};
  const Duration elapsed =
      ordered ? clock_.now() - *ordered_ : Duration{table->integer(0, 1).value_or(0)};
  JobProgress progress;
  progress.phase = *phase;
  progress.started = clock_.now() - elapsed;
  // Nobody's run, whoever looks: that of no order which stands.
  if (ordered && !wanted) progress.started = TimePoint{};
  progress.bytes_done = number(2);
  if (*phase == JobPhase::running) {
    progress.left = number(3) > 0 ? left_of(elapsed, number(2), number(3))
                                  : left_of(elapsed, number(4), number(5));
  }
  const bool ended = *phase == JobPhase::failed || *phase == JobPhase::stopped;
  if (ended) progress.why = first_told(table->string(0, 7));
  jobs_.emplace(LeverKey{"rebalance", kCluster}, progress);
  if (table->string(0, 6) == "t" && epoch_ > 0) {
    const auto made_way = co_await make_way();
    if (!made_way.has_value()) co_return made_way.error();
  }
  co_return wanted;
}

// A plan that was given back before it was started stays written down, and is nobody's job.
asio::awaitable<Result<bool>> RebalanceLever::still_wanted() {
  std::string target{kCluster};
  const auto stands = co_await read(std::move(target));
  if (!stands.has_value()) co_return stands.error();
  co_return !stands->baseline();
}

std::map<LeverKey, NotStarted> RebalanceLever::not_started() const {
  std::map<LeverKey, NotStarted> waiting;
  if (tried_.tries > 0) waiting.emplace(LeverKey{"rebalance", kCluster}, tried_);
  return waiting;
}

asio::awaitable<Result<void>> RebalanceLever::make_way() {
  std::vector<pg::Parameter> parameters;
  parameters.emplace_back(std::to_string(epoch_));
  const auto done = co_await session_.query(std::string{sql::rebalance_make_way},
                                            std::move(parameters), deadline_);
  if (!done.has_value()) co_return done.error();
  co_return Result<void>{};
}

}  // namespace homeostat
