// SPDX-License-Identifier: Apache-2.0
// The lever `admission`: how many transactions of a zone run at a time, and how long others queue.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actuators/pool_size.hpp"
#include "controller/ports/clock.hpp"
#include "controller/ports/lever.hpp"
#include "controller/transport/pg_session.hpp"

namespace homeostat {

/// Writes through homeostat.zone_apply(), _renew() and _revert(): fence, ledger and effect are one
/// transaction there. Applications begin their transactions with homeostat.admit(zone), and may
/// LISTEN homeostat for a hint that something changed. Targets are `zone/NAME`; a value's arguments
/// are `concurrency`, in transactions (1 to 10,000; fractions are cut off, for a regulator
/// computes it), and `queue_limit`, in seconds (0 to 0.5).
class AdmissionLever : public Lever {
 public:
  /// `session` is the ledger's own, which holds the lease; it and `clock` stay the caller's and
  /// must outlive this. Every statement ends by `deadline`. `pools`: where zones have PgBouncer
  /// processes.
  AdmissionLever(pg::Session& session, const Clock& clock,
                 Duration deadline = std::chrono::seconds{2},
                 std::unique_ptr<PoolSizes> pools = nullptr);

  std::string_view name() const override { return "admission"; }

  /// The limit written there, whether its expiry has passed or not; the baseline when there is
  /// none: it answers "is that still ours".
  [[nodiscard]] boost::asio::awaitable<Result<LeverValue>> read(std::string target) override;

  [[nodiscard]] boost::asio::awaitable<Result<ChangeResult>> apply(Change change) override;

  /// Sends the hints that the last second held back, and has the pools follow the limits.
  [[nodiscard]] boost::asio::awaitable<Result<void>> after_step() override;

  /// Of the pools.
  std::vector<Note> notes() const override;

 private:
  [[nodiscard]] boost::asio::awaitable<Result<void>> send_hints();

  pg::Session& session_;
  const Clock& clock_;
  Duration deadline_;
  std::unique_ptr<PoolSizes> pools_;
  std::map<std::string, std::optional<double>> hints_;  // slots by target, not yet sent
  std::optional<TimePoint> hinted_;                     // when the last hint was sent
};

}  // namespace homeostat
