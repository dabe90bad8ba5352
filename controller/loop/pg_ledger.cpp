// SPDX-License-Identifier: Apache-2.0
#include "controller/loop/pg_ledger.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>

#include "controller/loop/direct_session.hpp"
#include "controller/loop/ledger_codec.hpp"
#include "controller/loop/migrations.hpp"
#include "sql/embedded.hpp"

namespace homeostat {
namespace asio = boost::asio;
namespace {

constexpr Duration kFirstBackoff = std::chrono::milliseconds{250};
constexpr Duration kLongestBackoff = std::chrono::seconds{10};
constexpr Duration kShortest = std::chrono::milliseconds{1};

bool true_at(const pg::Table& table, int row, int column) { return table.text(row, column) == "t"; }

Error refused(std::string why) { return {ErrorCode::refused, std::move(why), {}}; }

}  // namespace

/// What hold_lease() of the schema answered.
struct PgLedger::Claim {
  Lease lease;
  std::string lock_pid;
  std::string lock_role;
  std::string lock_started;
  bool may_end = false;
  bool foreign = false;
};

PgLedger::PgLedger(pg::Session& session, const Clock& clock, PgLedgerOptions options)
    : session_{session},
      clock_{clock},
      options_{std::move(options)},
      jitter_{options_.jitter_seed} {}

void PgLedger::set_inventory(std::vector<FeatureConfig> features,
                             std::vector<ProfileConfig> profiles,
                             std::vector<SessionsConfig> sessions, int sessions_per_hour) {
  options_.features = std::move(features);
  options_.profiles = std::move(profiles);
  options_.sessions = std::move(sessions);
  options_.sessions_per_hour = sessions_per_hour;
  inventory_told_ = 0;
}

void PgLedger::set_thresholds(std::vector<Threshold> thresholds) {
  options_.thresholds = std::move(thresholds);
  thresholds_told_ = 0;
}

Duration PgLedger::left(TimePoint until) const { return std::max(until - clock_.now(), kShortest); }

asio::awaitable<Result<Lease>> PgLedger::hold_lease(Duration deadline) {
  const TimePoint until = clock_.now() + deadline;
  if (!session_.connected()) {
    if (clock_.now() < retry_at_) co_return failure_;
    const auto opened = co_await open(until);
    if (!opened.has_value()) {
      back_off(opened.error());
      co_return failure_;
    }
    backoff_ = Duration::zero();
  }
  auto answer = co_await claim(until);
  if (!answer.has_value()) co_return answer.error();
  if (answer->may_end) {
    const auto ended = co_await end_session(*answer, until);
    if (!ended.has_value()) co_return ended.error();
    answer = co_await claim(until);
    if (!answer.has_value()) co_return answer.error();
  }
  if (answer->foreign) {
    co_return refused("the leader's lock is held by pid " + answer->lock_pid + " of role " +
                      answer->lock_role + ", which is not ours to end");
  }
  Lease lease = std::move(answer->lease);
  if (!lease.ours) co_return lease;
  epoch_ = lease.epoch;
  lease.note = co_await tell_inventory(until);
  if (lease.note.empty()) lease.note = co_await tell_thresholds(until);
  co_return lease;
}

asio::awaitable<Result<void>> PgLedger::open(TimePoint until) {
  inventory_told_ = 0;
  thresholds_told_ = 0;
  const auto connected = co_await session_.connect(left(until));
  if (!connected.has_value()) co_return connected.error();
  const auto direct = co_await require_direct(session_, left(until));
  if (!direct.has_value()) co_return direct.error();
  co_return co_await check_role(until);
}

asio::awaitable<Result<void>> PgLedger::check_role(TimePoint until) {
  const auto role = co_await session_.query(std::string{sql::control_session}, {}, left(until));
  if (!role.has_value()) co_return role.error();
  if (true_at(*role, 0, 1)) {
    co_return refused("role " + role->string(0, 0) +
                      " may do more than an actuator needs (superuser, CREATEROLE or the server's "
                      "files): use the role of `homeostat grants --actuator`");
  }
  if (!true_at(*role, 0, 2)) {
    co_return refused("there is no homeostat schema in this database: run homeostat migrate");
  }
  const auto schema = co_await session_.query(std::string{sql::schema_state}, {}, left(until));
  if (!schema.has_value()) co_return schema.error();
  const auto version = schema->integer(0, 0).value_or(0);
  if (version != known_schema_version()) {
    co_return refused("the homeostat schema has version " + std::to_string(version) +
                      ", this homeostat needs " + std::to_string(known_schema_version()) +
                      ": run homeostat migrate" +
                      (version > known_schema_version() ? " of the newer one" : ""));
  }
  identity_ = schema->string(0, 1);
  co_return Result<void>{};
}

void PgLedger::back_off(Error failure) {
  session_.close();
  failure_ = std::move(failure);
  backoff_ = std::clamp(backoff_ * 2, kFirstBackoff, kLongestBackoff);
  // Between half and all of it: instances that lost the same server come back one by one.
  std::uniform_int_distribution<Duration::rep> spread{backoff_.count() / 2, backoff_.count()};
  retry_at_ = clock_.now() + Duration{spread(jitter_)};
}

asio::awaitable<Result<PgLedger::Claim>> PgLedger::claim(TimePoint until) {
  std::vector<pg::Parameter> parameters;
  parameters.emplace_back(options_.holder);
  parameters.emplace_back(std::to_string(options_.ttl.count()));
  const auto table =
      co_await session_.query(std::string{sql::lease_hold}, std::move(parameters), left(until));
  if (!table.has_value()) co_return table.error();
  Claim claim;
  claim.lease.ours = true_at(*table, 0, 0);
  claim.lease.epoch = table->integer(0, 1).value_or(0);
  claim.lease.holder = table->string(0, 2);
  claim.lease.takeovers = static_cast<int>(table->integer(0, 3).value_or(0));
  claim.lock_pid = table->string(0, 4);
  claim.lock_role = table->string(0, 5);
  claim.lock_started = table->string(0, 6);
  claim.may_end = true_at(*table, 0, 7);
  claim.foreign = true_at(*table, 0, 8);
  claim.lease.ran_out = !claim.lease.ours && true_at(*table, 0, 9);
  co_return claim;
}

// A frozen session does not go, and keeps the lock: then the next claim says so, and nobody leads
// until it wakes or dies (fail static, H33).
asio::awaitable<Result<void>> PgLedger::end_session(const Claim& claim, TimePoint until) {
  const Duration patience = left(until) / 2;
  std::vector<pg::Parameter> parameters;
  parameters.emplace_back(claim.lock_pid);
  parameters.emplace_back(claim.lock_started);
  parameters.emplace_back(std::to_string(std::max(patience, kShortest) / kShortest));
  const auto ended = co_await session_.query(std::string{sql::lease_end_session},
                                             std::move(parameters), left(until));
  if (!ended.has_value()) co_return ended.error();
  co_return Result<void>{};
}

asio::awaitable<std::string> PgLedger::tell(std::string_view what, std::string_view sql,
                                            nlohmann::json list, TimePoint until) {
  std::vector<pg::Parameter> parameters;
  parameters.emplace_back(std::to_string(epoch_));
  parameters.emplace_back(to_parameter(list));
  const auto done = co_await session_.query(std::string{sql}, std::move(parameters), left(until));
  if (done.has_value()) co_return std::string{};
  co_return std::string{what} + ": " + done.error().context;
}

// The lease is ours with or without it: reverts must go on. Without it the levers refuse forward
// acts on what the database does not know.
asio::awaitable<std::string> PgLedger::tell_inventory(TimePoint until) {
  if (inventory_told_ == epoch_) co_return std::string{};
  // Said before it is done: what a reload brings meanwhile is told with the next renewal.
  inventory_told_ = epoch_;
  auto profiles = profiles_json(options_.profiles);
  auto sessions = sessions_json(options_.sessions, options_.sessions_per_hour);
  auto note = co_await tell("features are not registered", sql::feature_register,
                            features_json(options_.features), until);
  if (note.empty()) {
    note = co_await tell("profiles are not registered", sql::profile_register, std::move(profiles),
                         until);
  }
  if (note.empty()) {
    note = co_await tell("sessions are not registered", sql::sessions_register, std::move(sessions),
                         until);
  }
  if (note.empty()) {
    note = co_await tell("counters are not registered", sql::counter_register,
                         counters_json(options_.zones), until);
  }
  if (!note.empty()) inventory_told_ = 0;
  co_return note;
}

// Nothing of ours rests on them: only what the database does for itself while nobody leads.
asio::awaitable<std::string> PgLedger::tell_thresholds(TimePoint until) {
  if (thresholds_told_ == epoch_) co_return std::string{};
  thresholds_told_ = epoch_;
  auto note = co_await tell("thresholds are not written", sql::threshold_register,
                            thresholds_json(options_.thresholds), until);
  if (!note.empty()) thresholds_told_ = 0;
  co_return note;
}

asio::awaitable<Result<void>> PgLedger::release_lease(Duration deadline) {
  const TimePoint until = clock_.now() + deadline;
  // What was said since the last renewal: the database goes by it while nobody leads.
  const std::string note = co_await tell_thresholds(until);
  std::vector<pg::Parameter> parameters;
  parameters.emplace_back(std::to_string(epoch_));
  const auto released =
      co_await session_.query(std::string{sql::lease_release}, std::move(parameters), left(until));
  if (!released.has_value()) co_return released.error();
  inventory_told_ = 0;
  thresholds_told_ = 0;
  if (true_at(*released, 0, 0) && note.empty()) co_return Result<void>{};
  Error error{ErrorCode::superseded, "the lease was not ours any more", {}};
  if (!note.empty()) error.context = note;
  co_return error;
}

asio::awaitable<Result<LedgerImage>> PgLedger::load(TimePoint now, Duration recall,
                                                    Duration deadline) {
  const TimePoint until = clock_.now() + deadline;
  const auto levers = co_await session_.query(std::string{sql::ledger_levers}, {}, left(until));
  if (!levers.has_value()) co_return levers.error();
  const auto states = co_await session_.query(std::string{sql::ledger_states}, {}, left(until));
  if (!states.has_value()) co_return states.error();
  std::vector<pg::Parameter> back;
  back.emplace_back(std::to_string(recall.count()));
  const auto forward =
      co_await session_.query(std::string{sql::ledger_forward}, std::move(back), left(until));
  if (!forward.has_value()) co_return forward.error();
  const auto brake = co_await session_.query(std::string{sql::ledger_brake}, {}, left(until));
  if (!brake.has_value()) co_return brake.error();
  const auto moved = co_await session_.query(std::string{sql::ledger_moved}, {}, left(until));
  if (!moved.has_value()) co_return moved.error();
  LedgerImage image;
  if (const auto age = brake->integer(0, 0)) image.braked = now - Duration{*age};
  for (int row = 0; row < levers->rows(); ++row) {
    auto open = ledger_row(*levers, row);
    if (!open.has_value()) co_return open.error();
    image.rows.push_back(std::move(*open));
  }
  for (int row = 0; row < states->rows(); ++row) {
    auto memory = policy_memory(*states, row, now);
    if (!memory.has_value()) co_return memory.error();
    image.memories.push_back(std::move(*memory));
  }
  for (int row = 0; row < forward->rows(); ++row) {
    auto act = forward_act(*forward, row, now);
    if (!act.has_value()) co_return act.error();
    image.forward.push_back(std::move(*act));
  }
  for (int row = 0; row < moved->rows(); ++row) {
    auto part = moved_bytes(*moved, row, now);
    if (!part.has_value()) co_return part.error();
    image.moved.push_back(std::move(*part));
  }
  co_return image;
}

asio::awaitable<Result<Orders>> PgLedger::orders(Duration deadline) {
  const TimePoint until = clock_.now() + deadline;
  const auto pauses = co_await session_.query(std::string{sql::pauses}, {}, left(until));
  if (!pauses.has_value()) co_return pauses.error();
  const auto acks = co_await session_.query(std::string{sql::acks}, {}, left(until));
  if (!acks.has_value()) co_return acks.error();
  const auto ended = co_await session_.query(std::string{sql::sessions_ended}, {}, left(until));
  if (!ended.has_value()) co_return ended.error();
  Orders orders;
  orders.sessions_ended = static_cast<int>(ended->integer(0, 0).value_or(0));
  for (int row = 0; row < pauses->rows(); ++row) orders.pauses.push_back(pause(*pauses, row));
  for (int row = 0; row < acks->rows(); ++row) orders.acks.push_back(ack(*acks, row));
  co_return orders;
}

asio::awaitable<Result<void>> PgLedger::keep(Kept kept, std::int64_t epoch, TimePoint now,
                                             Duration deadline) {
  std::vector<pg::Parameter> parameters;
  parameters.emplace_back(std::to_string(epoch));
  parameters.emplace_back(to_parameter(memories_json(kept.memories, now)));
  parameters.emplace_back();
  if (kept.braked) parameters.back() = std::to_string((now - *kept.braked).count());
  parameters.emplace_back(to_parameter(moved_json(kept.moved, now)));
  const auto done =
      co_await session_.query(std::string{sql::ledger_keep}, std::move(parameters), deadline);
  if (!done.has_value()) co_return done.error();
  co_return Result<void>{};
}

}  // namespace homeostat
