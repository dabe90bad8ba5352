// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "controller/ports/probe.hpp"
#include "policies/model/error.hpp"
#include "policies/model/job.hpp"
#include "policies/model/lever.hpp"
#include "policies/model/time.hpp"

namespace homeostat {

/// Key of a lever's Note about something that was left to somebody else: an alert, too.
inline constexpr std::string_view kForeignWriteNote = "foreign_write";

/// What came of a Change, and why when it was refused or yielded.
struct ChangeResult {
  ChangeOutcome outcome = ChangeOutcome::unknown;
  std::string detail;
};

/// What the consumers of a Kafka group are told to do.
struct BatchWindow {
  std::string group;
  double window_ms = 0;
  std::int64_t drain_limit = 0;  ///< events
  std::int64_t epoch = 0;        ///< rises with each change
  WallTime expires{};            ///< by the database's clock; consumers do as they like then
  std::string reason;
  friend bool operator==(const BatchWindow&, const BatchWindow&) = default;
};

/// Sets one kind of thing. Never decides, never retries. Every call comes from the reconciler, the
/// one choke point, which owns mode, pause, fence token and pacing.
class Lever {
 public:
  virtual ~Lever() = default;

  /// Its name in policies, ledger and metrics: `feature`.
  virtual std::string_view name() const = 0;

  /// What stands at the target now; the base of compare, verify and yield.
  [[nodiscard]] virtual boost::asio::awaitable<Result<LeverValue>> read(std::string target) = 0;

  /// Idempotent by change.token: the same token twice has one effect. The ledger row is written in
  /// the same transaction where the effect is SQL. An Error with code `timeout` or `unavailable`
  /// means that the outcome is unknown; `superseded` that somebody else leads.
  [[nodiscard]] virtual boost::asio::awaitable<Result<ChangeResult>> apply(Change change) = 0;

  /// Sessions that still run with what stood before the newest change, by role: of levers that
  /// reach new sessions only. As of the last after_step().
  virtual std::map<std::string, int> stale_sessions() const { return {}; }

  /// What consumers are told: of the lever that tells them. As of the last after_step().
  virtual std::vector<BatchWindow> batch_windows() const { return {}; }

  /// How the jobs stand that it carries out, the newest of each target: of a lever that runs jobs.
  /// As of the last after_step().
  virtual std::map<LeverKey, JobProgress> jobs() const { return {}; }

  /// Jobs that stand ordered and that it could not start yet: of a lever that runs jobs. As of the
  /// last after_step().
  virtual std::map<LeverKey, NotStarted> not_started() const { return {}; }

  /// What could not be done beside its changes, for people. As of the last after_step().
  virtual std::vector<Note> notes() const { return {}; }

  /// Called at the end of every step in which the lease is ours, and when a leader that ends has
  /// given its levers back: for what may lag behind a change
  /// (hints to whoever listens) and is no part of it.
  [[nodiscard]] virtual boost::asio::awaitable<Result<void>> after_step() {
    Result<void> nothing_to_do;
    co_return nothing_to_do;
  }
};

}  // namespace homeostat
