// SPDX-License-Identifier: Apache-2.0
// The lever `planner_profile`: settings that roles of non-critical work have in their sessions to
// come.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "controller/ports/clock.hpp"
#include "controller/ports/lever.hpp"
#include "controller/transport/pg_session.hpp"

namespace homeostat {

/// Writes through homeostat.profile_apply(), _renew() and _revert(): fence, ledger and effect are
/// one transaction there, and what may be set on whom is checked there. Targets are `profile/NAME`;
/// a value's arguments are texts by `role/setting`.
class PlannerProfileLever : public Lever {
 public:
  /// `session` is the ledger's own, which holds the lease; it and `clock` stay the caller's and
  /// must outlive this. Every statement ends by `deadline`.
  PlannerProfileLever(pg::Session& session, const Clock& clock,
                      Duration deadline = std::chrono::seconds{2});

  std::string_view name() const override { return "planner_profile"; }

  /// What pg_db_role_setting has now at the keys that the ledger says are ours; the baseline when
  /// it says that none is.
  [[nodiscard]] boost::asio::awaitable<Result<LeverValue>> read(std::string target) override;

  [[nodiscard]] boost::asio::awaitable<Result<ChangeResult>> apply(Change change) override;

  /// Counts the older sessions anew, each five seconds.
  [[nodiscard]] boost::asio::awaitable<Result<void>> after_step() override;

  std::map<std::string, int> stale_sessions() const override { return stale_; }

 private:
  pg::Session& session_;
  const Clock& clock_;
  Duration deadline_;
  std::map<std::string, int> stale_;  // sessions by role
  std::optional<TimePoint> counted_;
};

}  // namespace homeostat
