// SPDX-License-Identifier: Apache-2.0
// Lock contention of one PostgreSQL server: how many transactions are open, how many of them wait
// for another, how long. One session, one statement a sample. Never decides, never writes.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "controller/ports/probe.hpp"
#include "controller/ports/shard_layout.hpp"
#include "controller/transport/pg_session.hpp"
#include "probes/backoff.hpp"

namespace homeostat {

struct PgLocksOptions {
  std::string node;  ///< the subject is node/NAME
  pg::Address address;
  std::vector<std::string> zones;  ///< on this node
  /// Which zone each of the node's shards of Citus is in, null: not known now. Without this
  /// function what a zone has is what the node has.
  std::function<const ShardZones*()> shard_zones = {};
  bool zones_have_ratios = false;      ///< or only the numbers that back-pressure asks for
  std::vector<std::string> own_roles;  ///< their sessions are not counted
  bool show_queries = false;           ///< in notes; query texts carry literals
  Duration root_blocker_every = std::chrono::seconds{30};
  double root_blocker_above = 0.15;  ///< pg_blocked_ratio below which nobody asks who blocks
  std::uint64_t seed = 0;            ///< of the reconnect's jitter
};

/// Samples about node/NAME:
///   pg_blocked_ratio                   blocked ÷ open client transactions at the sampling instant
///   pg_open_transactions               client transactions
///   pg_advisory_waiters                sessions that wait for an advisory lock
///   pg_lock_wait_max_seconds           age of the oldest statement that is blocked, 0: none
///   pg_lock_wait_p95_seconds           95th percentile of those ages (nearest rank)
///   pg_waiters_over_500ms              blocked statements older than 500 ms
///   pg_blocked_session_seconds_total   time that sessions stood blocked, from sample to sample
///                                      (trapezoids; gaps in the sampling are not counted)
///   pg_deadlocks_total                 of the connected database
///   pg_recovery_conflicts_total        of the connected database
///   pg_idle_in_transaction_seconds     longest idle spell inside a transaction, 0: none
/// and about each of options.zones, zone/NAME, pg_open_transactions, pg_waiters_over_500ms and, if
/// wanted, the two ratios: what its node has, or with options.shard_zones, of the transactions
/// whose statement names a shard of the zone. Those that name none, or none that is known, are the
/// node's alone. The statement's text stays on the server. Absent while nobody knows the shards.
/// Sessions of our own (by role, or by application_name homeostat…), autovacuum, WAL senders and
/// other background processes are never counted. The Note `root_blocker` stands as long as the
/// ratio is above options.root_blocker_above; the lock table is read for it once every
/// options.root_blocker_every.
///
/// After a restart, a crash, a failover or a reset of the server's statistics every sample of two
/// readings is absent (identity_changed). Errors: missing_privilege names the GRANT; a connection
/// that is down is tried again by Backoff.
class PgLocks : public Probe {
 public:
  PgLocks(boost::asio::any_io_executor executor, PgLocksOptions options);

  std::string_view name() const override { return "pg_locks"; }
  Subject subject() const override { return subject_; }
  std::vector<SignalName> signals() const override;
  std::vector<Subject> parts() const override;
  [[nodiscard]] boost::asio::awaitable<Result<Reading>> sample(TimePoint now,
                                                               Duration deadline) override;

 private:
  /// What a session learns once about the server it has reached.
  struct Server {
    std::string identity;
    std::string timeline;
    std::string database;      ///< OID
    std::string own_roles;     ///< array of OIDs
    std::string monitor;       ///< our role, quoted as SQL wants it
    std::string grant_to_see;  ///< SQL that lets it see other sessions
  };
  struct Activity;

  boost::asio::awaitable<Result<void>> gather(TimePoint now, Duration deadline, Reading& reading,
                                              bool& complete);
  boost::asio::awaitable<Result<void>> introduce(Duration deadline);
  boost::asio::awaitable<Result<Activity>> read_activity(Duration deadline);
  bool same_start(const Activity& activity);
  void fill(const Activity& activity, TimePoint now, Reading& reading);
  void add_absent_zones(AbsentReason reason, TimePoint now, Reading& reading) const;
  void fill_zones(const Activity& activity, TimePoint now, Reading& reading) const;
  std::vector<SignalName> of_zones() const;
  Error blind() const;

  PgLocksOptions options_;
  Subject subject_;
  pg::Session session_;
  Backoff backoff_;
  std::string last_error_;
  std::optional<Server> server_;  ///< of the session; empty until it has been introduced

  // The line of readings, which outlives sessions.
  std::string start_;  ///< of the server and its statistics, at the last reading
  double deadlocks_ = 0;
  double conflicts_ = 0;
  int discard_ = 0;  ///< readings still to come whose samples are absent

  struct Point {
    TimePoint taken;
    double blocked;
  };
  std::optional<Point> last_point_;  ///< nothing after a gap
  double blocked_seconds_ = 0;

  std::optional<TimePoint> asked_;  ///< when the lock table was last read
  std::string root_blocker_;        ///< what came of it; empty: nothing
};

}  // namespace homeostat
