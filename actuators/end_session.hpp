// SPDX-License-Identifier: Apache-2.0
// The lever `end_session`: while it stands, sessions of named roles that sit idle in a transaction
// and keep others waiting are ended, a few an hour.
#pragma once

#include <string>

#include "controller/ports/lever.hpp"
#include "controller/transport/pg_session.hpp"

namespace homeostat {

/// Writes through homeostat.sessions_apply(), _renew() and _revert(), where the fence, the ledger
/// and the limits are. Apply and renew also pick whom to end and write that down; only when it is
/// committed does sessions_end() end them: it cannot be rolled back. A revert ends nobody. Targets
/// are `sessions/NAME`.
class EndSessionLever : public Lever {
 public:
  /// `session` is the ledger's own, which holds the lease; it stays the caller's and must outlive
  /// this. Every statement ends by `deadline`.
  explicit EndSessionLever(pg::Session& session, Duration deadline = std::chrono::seconds{2});

  std::string_view name() const override { return "end_session"; }

  /// Where the ledger says that it stands: nothing else of it stands anywhere.
  [[nodiscard]] boost::asio::awaitable<Result<LeverValue>> read(std::string target) override;

  /// `detail` says how many were ended, and how many were left because of the limit; empty when
  /// there was nobody.
  [[nodiscard]] boost::asio::awaitable<Result<ChangeResult>> apply(Change change) override;

 private:
  boost::asio::awaitable<Result<ChangeResult>> end_picked(FenceToken token, ChangeResult picked);

  pg::Session& session_;
  Duration deadline_;
};

}  // namespace homeostat
