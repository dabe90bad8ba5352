// SPDX-License-Identifier: Apache-2.0
#include "probes/pg_locks.hpp"

#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "controller/transport/deadline.hpp"
#include "probes/root_blocker_note.hpp"
#include "probes/zone_locks.hpp"
#include "sql/embedded.hpp"

namespace homeostat {

namespace asio = boost::asio;

/// One row of sql/queries/pg_locks_sample.sql, or of citus_locks_sample.sql.
struct PgLocks::Activity {
  double blocked = 0;
  double row_blocked = 0;
  double open = 0;
  double advisory = 0;
  double wait_max = 0;
  double wait_p95 = 0;
  double over_500ms = 0;
  double idle = 0;
  double hidden = 0;
  double deadlocks = 0;
  double conflicts = 0;
  std::string start;
  ShardCounts shards;  ///< where that was asked for
};

namespace {

constexpr int kDiscardedReadings = 2;

// Shorter than a sample's deadline, so that it is the server who gives up: a session closed in a
// storm may not get back in (a lock on pg_authid hangs logins).
pg::SessionSettings session_settings() {
  pg::SessionSettings settings;
  settings.statement_timeout = std::chrono::milliseconds{700};
  settings.lock_timeout = std::chrono::milliseconds{100};
  settings.read_only = true;
  return settings;
}

Error unexpected(std::string_view statement) {
  return {ErrorCode::protocol, "unexpected answer to " + std::string{statement}};
}

}  // namespace

PgLocks::PgLocks(asio::any_io_executor executor, PgLocksOptions options)
    : options_{std::move(options)},
      subject_{SubjectKind::node, options_.node},
      session_{std::move(executor), options_.address, session_settings()},
      backoff_{options_.seed} {}

std::vector<SignalName> PgLocks::signals() const {
  return {"pg_blocked_ratio",
          "pg_row_blocked_ratio",
          "pg_open_transactions",
          "pg_advisory_waiters",
          "pg_lock_wait_max_seconds",
          "pg_lock_wait_p95_seconds",
          "pg_waiters_over_500ms",
          "pg_blocked_session_seconds_total",
          "pg_deadlocks_total",
          "pg_recovery_conflicts_total",
          "pg_idle_in_transaction_seconds"};
}

std::vector<Subject> PgLocks::parts() const {
  std::vector<Subject> all;
  for (const auto& zone : options_.zones) all.push_back({SubjectKind::zone, zone});
  return all;
}

asio::awaitable<Result<Reading>> PgLocks::sample(TimePoint now, Duration deadline) {
  const bool connecting = !session_.connected();
  if (connecting && now < backoff_.next()) {
    Error waiting{ErrorCode::unavailable, last_error_};
    co_return waiting;
  }
  Reading reading;
  bool complete = false;
  auto work = gather(now, deadline, reading, complete);
  const Result<void> done = co_await with_deadline(std::move(work), deadline, "pg_locks");
  if (session_.connected()) {
    backoff_.succeeded();
  } else {
    server_.reset();
    if (connecting) backoff_.failed(now);
  }
  // A deadline that passed over the note alone does not cost the samples.
  if (complete) co_return std::move(reading);
  last_point_.reset();
  last_error_ = done.error().context;
  co_return done.error();
}

asio::awaitable<Result<void>> PgLocks::gather(TimePoint now, Duration deadline, Reading& reading,
                                              bool& complete) {
  if (!session_.connected()) {
    Result<void> connected = co_await session_.connect(deadline);
    if (!connected.has_value()) co_return connected;
    server_.reset();
  }
  if (!server_) {
    Result<void> introduced = co_await introduce(deadline);
    if (!introduced.has_value()) co_return introduced;
  }
  Result<Activity> activity = co_await read_activity(deadline);
  if (!activity.has_value()) co_return activity.error();
  if (activity->hidden > 0) {
    Error error = blind();
    server_.reset();
    co_return error;
  }
  fill(*activity, now, reading);
  complete = true;
  if (activity->blocked <= options_.root_blocker_above * activity->open) {
    root_blocker_.clear();
    co_return Result<void>{};
  }
  if (!asked_ || now - *asked_ >= options_.root_blocker_every) {
    asked_ = now;
    Result<std::string> described =
        co_await describe_root_blocker(session_, options_.show_queries, deadline);
    root_blocker_ = described.has_value() ? std::move(*described) : std::string{};
  }
  if (!root_blocker_.empty()) reading.notes.push_back({subject_, "root_blocker", root_blocker_});
  co_return Result<void>{};
}

asio::awaitable<Result<void>> PgLocks::introduce(Duration deadline) {
  std::vector<pg::Parameter> none;
  std::string setup{sql::pg_locks_setup};
  Result<pg::Table> set = co_await session_.query(std::move(setup), std::move(none), deadline);
  if (!set.has_value()) co_return set.error();
  std::vector<pg::Parameter> parameters;
  parameters.emplace_back(nlohmann::json(options_.own_roles).dump());
  std::string statement{sql::pg_locks_server};
  Result<pg::Table> table =
      co_await session_.query(std::move(statement), std::move(parameters), deadline);
  if (!table.has_value()) {
    Error error = table.error();
    if (error.code == ErrorCode::missing_privilege) {
      error.context +=
          ": GRANT EXECUTE ON FUNCTION pg_control_system(), pg_control_checkpoint() TO " +
          options_.address.user;
    }
    co_return error;
  }
  if (table->rows() != 1) co_return unexpected("pg_locks_server");
  Server server;
  server.identity = table->string(0, 0);
  server.timeline = table->string(0, 1);
  server.database = table->string(0, 2);
  server.own_roles = table->string(0, 3);
  server.monitor = table->string(0, 4);
  const bool may_see = table->string(0, 5) == "t";
  server.grant_to_see = table->string(0, 6);
  const bool tracked = table->string(0, 7) == "t";
  server_ = std::move(server);
  Error error;
  if (!may_see) {
    error = blind();
  } else if (!tracked) {
    error = {ErrorCode::refused, "the server does not record activity: track_activities is off"};
  } else {
    co_return Result<void>{};
  }
  server_.reset();  // asked again at the next sample
  co_return error;
}

// Without the privilege PostgreSQL answers 0/0 and no error.
Error PgLocks::blind() const {
  return {ErrorCode::missing_privilege,
          "role " + server_->monitor + " cannot see other sessions: " + server_->grant_to_see};
}

asio::awaitable<Result<PgLocks::Activity>> PgLocks::read_activity(Duration deadline) {
  std::vector<pg::Parameter> parameters;
  parameters.emplace_back(server_->own_roles);
  parameters.emplace_back(server_->database);
  const bool by_shard = static_cast<bool>(options_.shard_zones);
  std::string statement{by_shard ? sql::citus_locks_sample : sql::pg_locks_sample};
  Result<pg::Table> table =
      co_await session_.query(std::move(statement), std::move(parameters), deadline);
  if (!table.has_value()) co_return table.error();
  Activity activity;
  double* const numbers[] = {&activity.blocked,    &activity.row_blocked, &activity.open,
                             &activity.advisory,   &activity.wait_max,    &activity.wait_p95,
                             &activity.over_500ms, &activity.idle,        &activity.hidden,
                             &activity.deadlocks,  &activity.conflicts};
  int column = 0;
  for (double* number : numbers) {
    const auto value = table->number(0, column++);
    if (!value) co_return unexpected("pg_locks_sample");
    *number = *value;
  }
  activity.start = table->string(0, column++);
  const auto told = by_shard ? table->text(0, column) : std::nullopt;
  if (told) {
    auto shards = read_shard_counts(*told);
    if (!shards) co_return unexpected("citus_locks_sample");
    activity.shards = std::move(*shards);
  }
  co_return activity;
}

// True when this reading continues the line of the last one. (kill -9 of one backend resets the
// counters, while pg_stat_database.stats_reset and the postmaster's start stay what they were.)
bool PgLocks::same_start(const Activity& activity) {
  auto start = server_->identity + " " + server_->timeline + " " + activity.start;
  const bool first = start_.empty();
  const bool same =
      start == start_ && activity.deadlocks >= deadlocks_ && activity.conflicts >= conflicts_;
  start_ = std::move(start);
  deadlocks_ = activity.deadlocks;
  conflicts_ = activity.conflicts;
  return first || same;
}

void PgLocks::fill(const Activity& activity, TimePoint now, Reading& reading) {
  reading.identity.server = server_->identity;
  if (!same_start(activity)) {
    discard_ = kDiscardedReadings;
    server_.reset();  // a pooler can lead one session to another server: ask again who it is
  }
  if (discard_ > 0) {
    --discard_;
    last_point_.reset();
    for (auto& signal : signals()) {
      reading.samples.push_back(
          absent(std::move(signal), subject_, AbsentReason::identity_changed, now));
    }
    add_absent_zones(AbsentReason::identity_changed, now, reading);
    return;
  }
  if (last_point_) {
    const double mean = (last_point_->blocked + activity.blocked) / 2;
    blocked_seconds_ += mean * to_seconds(now - last_point_->taken);
  }
  last_point_ = Point{now, activity.blocked};
  const auto give = [&](std::string_view signal, double value) {
    reading.samples.push_back(gauge(SignalName{signal}, subject_, value, now));
  };
  reading.samples.push_back(
      ratio("pg_blocked_ratio", subject_, activity.blocked, activity.open, now));
  reading.samples.push_back(
      ratio("pg_row_blocked_ratio", subject_, activity.row_blocked, activity.open, now));
  give("pg_open_transactions", activity.open);
  give("pg_advisory_waiters", activity.advisory);
  give("pg_lock_wait_max_seconds", activity.wait_max);
  give("pg_lock_wait_p95_seconds", activity.wait_p95);
  give("pg_waiters_over_500ms", activity.over_500ms);
  give("pg_blocked_session_seconds_total", blocked_seconds_);
  give("pg_deadlocks_total", activity.deadlocks);
  give("pg_recovery_conflicts_total", activity.conflicts);
  give("pg_idle_in_transaction_seconds", activity.idle);
  fill_zones(activity, now, reading);
}

std::vector<SignalName> PgLocks::of_zones() const {
  std::vector<SignalName> names{"pg_open_transactions", "pg_waiters_over_500ms"};
  if (options_.zones_have_ratios) {
    names.insert(names.end(), {"pg_blocked_ratio", "pg_row_blocked_ratio"});
  }
  return names;
}

void PgLocks::add_absent_zones(AbsentReason reason, TimePoint now, Reading& reading) const {
  for (const auto& zone : options_.zones) {
    for (auto& signal : of_zones()) {
      reading.samples.push_back(absent(std::move(signal), {SubjectKind::zone, zone}, reason, now));
    }
  }
}

void PgLocks::fill_zones(const Activity& activity, TimePoint now, Reading& reading) const {
  const ShardZones* dealt = options_.shard_zones ? options_.shard_zones() : nullptr;
  if (options_.shard_zones && dealt == nullptr) {
    add_absent_zones(AbsentReason::never_sampled, now, reading);
    return;
  }
  std::map<std::string, LockCounts> parts;
  if (dealt != nullptr) {
    parts = counts_of_zones(options_.zones, activity.shards, *dealt);
  } else {
    const LockCounts whole{activity.open, activity.blocked, activity.row_blocked,
                           activity.over_500ms};
    for (const auto& zone : options_.zones) parts[zone] = whole;
  }
  for (const auto& [zone, part] : parts) {
    const Subject subject{SubjectKind::zone, zone};
    reading.samples.push_back(gauge("pg_open_transactions", subject, part.open, now));
    reading.samples.push_back(gauge("pg_waiters_over_500ms", subject, part.over_500ms, now));
    if (!options_.zones_have_ratios) continue;
    reading.samples.push_back(ratio("pg_blocked_ratio", subject, part.blocked, part.open, now));
    reading.samples.push_back(
        ratio("pg_row_blocked_ratio", subject, part.row_blocked, part.open, now));
  }
}

}  // namespace homeostat
