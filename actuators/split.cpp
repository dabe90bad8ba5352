// SPDX-License-Identifier: Apache-2.0
#include "actuators/split.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <cmath>
#include <exception>
#include <nlohmann/json.hpp>
#include <utility>

#include "actuators/sql_change.hpp"
#include "policies/model/codec.hpp"
#include "sql/embedded.hpp"

namespace homeostat {
namespace asio = boost::asio;

/// A split under way, and its session.
struct SplitLever::Carrying {
  Carrying(const asio::any_io_executor& executor, pg::Address address, pg::SessionSettings settings)
      : session{executor, std::move(address), settings} {}

  pg::Session session;
  std::string how;    ///< it is split; empty: not known yet
  bool told = false;  ///< a change's detail has said how
  bool over = false;
  std::string failure;      ///< why it did not come to its end; empty: it did, or is under way
  bool complained = false;  ///< of that
};

namespace {

constexpr const char* kWhole = "cluster";
constexpr Duration kBetweenSplitLooks = std::chrono::seconds{2};
constexpr Duration kStudyLongest = std::chrono::minutes{2};  // of ANALYZE, on a worker that answers

std::string split_json(const ShardSplit& split) {
  nlohmann::json json;
  json["shard"] = split.shard;
  json["node"] = split.node_group;
  json["bytes"] = static_cast<std::int64_t>(std::llround(split.bytes));
  json["larger_leaves"] = split.larger_leaves;
  return json.dump();
}

// What comes of telling it is not waited for: the answer is in the run, or it is not.
asio::awaitable<std::string> failed(pg::Session& session, Error error, Duration deadline) {
  std::vector<pg::Parameter> why;
  why.emplace_back(error.context);
  co_await session.query(std::string{sql::split_failed}, std::move(why), deadline);
  co_return std::move(error.context);
}

}  // namespace

SplitLever::SplitLever(asio::any_io_executor executor, pg::Session& session, pg::Address address,
                       ChooseSplit choose, const Clock& clock, Duration deadline, Duration longest)
    : executor_{std::move(executor)},
      session_{session},
      address_{std::move(address)},
      choose_{std::move(choose)},
      clock_{clock},
      deadline_{deadline},
      longest_{longest} {}

/// Empty: it is split. Otherwise why not.
asio::awaitable<std::string> SplitLever::carry_out(std::shared_ptr<Carrying> carrying,
                                                   std::int64_t epoch, Duration deadline,
                                                   Duration longest) {
  auto& session = carrying->session;
  const auto connected = co_await session.connect(deadline);
  if (!connected.has_value()) co_return connected.error().context;
  std::vector<pg::Parameter> parameters;
  parameters.emplace_back(std::to_string(epoch));
  const auto begun =
      co_await session.query(std::string{sql::split_begin}, std::move(parameters), deadline);
  if (!begun.has_value()) co_return begun.error().context;
  if (begun->string(0, 0) != "t") co_return begun->string(0, 1);
  const auto studied =
      co_await session.query(std::string{sql::split_study}, {}, std::min(longest, kStudyLongest));
  if (!studied.has_value()) {
    Error error = studied.error();
    co_return co_await failed(session, std::move(error), deadline);
  }
  carrying->how = studied->string(0, 0);
  const auto split = co_await session.query(std::string{sql::split_carry}, {}, longest);
  if (!split.has_value()) {
    Error error = split.error();
    co_return co_await failed(session, std::move(error), deadline);
  }
  co_return std::string{};
}

// Whoever waits for it hears of that; the server goes on until it is done, or its time is up.
SplitLever::~SplitLever() {
  if (carrying_) carrying_->session.close();
}

asio::awaitable<Result<LeverValue>> SplitLever::read(std::string target) {
  co_return co_await read_value(session_, std::string{sql::split_read}, std::move(target),
                                deadline_);
}

asio::awaitable<Result<ChangeResult>> SplitLever::apply(Change change) {
  if (change.desired.key.target != kWhole) {
    co_return refused_change("no target of lever split: expected cluster");
  }
  const bool orders = change.kind == ChangeKind::apply;
  ShardSplit split;
  if (orders) {
    auto chosen = choose_(change.desired.value);
    if (!chosen.has_value()) co_return refused_change(chosen.error().context);
    split = std::move(*chosen);
  }
  const ChangeStatements statements{sql::split_apply, sql::split_renew, sql::split_revert};
  const auto epoch = change.token.epoch;
  auto statement = statement_for(change, statements, to_json(change.desired.value).dump());
  if (orders) statement.parameters.emplace_back(split_json(split));
  auto answer = change_answer(co_await session_.query(std::move(statement.text),
                                                      std::move(statement.parameters), deadline_));
  looked_.reset();
  if (!answer.has_value() || answer->outcome != ChangeOutcome::applied) co_return answer;
  epoch_ = epoch;
  if (change.kind != ChangeKind::renew) tried_ = {};
  if (!answer->detail.empty()) co_return answer;
  answer->detail = orders ? split.what : finding();
  if (orders) begin();  // unless the one before is not quite over: then at a later step
  co_return answer;
}

// How the newest is split, once; empty: that is not known yet, or was said before.
std::string SplitLever::finding() {
  if (!carrying_ || std::exchange(carrying_->told, !carrying_->how.empty())) return {};
  return carrying_->how;
}

void SplitLever::begin() {
  if (carrying_ && !carrying_->over) return;
  pg::SessionSettings settings;
  settings.statement_timeout = longest_;  // the server's own: it holds when we are gone
  const auto carrying = std::make_shared<Carrying>(executor_, address_, settings);
  carrying_ = carrying;
  // The handler keeps the session alive for as long as the split goes on; what is seen as its life
  // ends with it.
  const auto over = [carrying](std::exception_ptr thrown, std::string failure) {
    carrying->session.close();
    carrying->over = true;
    carrying->failure = thrown ? "the split ended with an exception" : std::move(failure);
  };
  asio::co_spawn(executor_, carry_out(carrying, epoch_, deadline_, longest_), over);
}

asio::awaitable<Result<void>> SplitLever::after_step() {
  const auto now = clock_.now();
  if (looked_ && now - *looked_ < kBetweenSplitLooks) co_return Result<void>{};
  const auto table = co_await session_.query(std::string{sql::split_look}, {}, deadline_);
  if (!table.has_value()) co_return table.error();
  looked_ = now;
  jobs_.clear();
  notes_.clear();
  if (table->rows() == 0) co_return Result<void>{};
  const auto text = table->string(0, 0);
  const auto phase = text == "ordered" ? JobPhase::running : parse_job_phase(text);
  if (!phase) {
    Error error{ErrorCode::protocol, "the schema answered a phase that is none", {}};
    co_return error;
  }
  JobProgress progress;
  progress.phase = *phase;
  progress.started = now - Duration{table->integer(0, 1).value_or(0)};
  if (*phase == JobPhase::finished) progress.bytes_done = table->number(0, 2).value_or(0);
  if (*phase == JobPhase::failed) {
    progress.why = table->string(0, 3);
    if (progress.why.empty() && carrying_) progress.why = carrying_->failure;
  }
  jobs_.emplace(LeverKey{"split", kWhole}, progress);
  if (*phase == JobPhase::running && table->text(0, 4)) {
    notes_.push_back({{}, "split", table->string(0, 4)});
  }
  count_tries(text == "ordered");
  if (text == "ordered" && epoch_ > 0) begin();
  if (*phase == JobPhase::failed && carrying_ && !carrying_->failure.empty() &&
      !std::exchange(carrying_->complained, true)) {
    Error error{ErrorCode::refused, "split: " + carrying_->failure, {}};
    co_return error;
  }
  co_return Result<void>{};
}

// One that is over, and has left the split ordered only, has not reached the server, or not begun.
void SplitLever::count_tries(bool ordered) {
  if (!ordered) {
    tried_ = {};
    return;
  }
  if (!carrying_ || !carrying_->over || carrying_->failure.empty()) return;
  if (tried_.tries == 0) tried_.since = clock_.now();
  ++tried_.tries;
  tried_.why = carrying_->failure;
}

std::map<LeverKey, NotStarted> SplitLever::not_started() const {
  std::map<LeverKey, NotStarted> waiting;
  if (tried_.tries > 0) waiting.emplace(LeverKey{"split", kWhole}, tried_);
  return waiting;
}

}  // namespace homeostat
