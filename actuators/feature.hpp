// SPDX-License-Identifier: Apache-2.0
// The lever `feature`: which share of its users a class of features, or one feature, admits.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "controller/ports/clock.hpp"
#include "controller/ports/lever.hpp"
#include "controller/transport/pg_session.hpp"

namespace homeostat {

/// Writes through homeostat.feature_apply(), _renew() and _revert(): fence, ledger and effect are
/// one transaction there. Applications ask homeostat.allowed(), and may LISTEN homeostat for a hint
/// that something changed. Targets are `class/NAME` and `feature/NAME`; the one argument is
/// `admit`, a share.
class FeatureLever : public Lever {
 public:
  /// `session` is the ledger's own, which holds the lease; it and `clock` stay the caller's and
  /// must outlive this. Every statement ends by `deadline`.
  FeatureLever(pg::Session& session, const Clock& clock,
               Duration deadline = std::chrono::seconds{2});

  std::string_view name() const override { return "feature"; }

  /// The share written there, whether its expiry has passed or not; the baseline when there is no
  /// row: it answers "is that still ours", not "who is admitted".
  [[nodiscard]] boost::asio::awaitable<Result<LeverValue>> read(std::string target) override;

  [[nodiscard]] boost::asio::awaitable<Result<ChangeResult>> apply(Change change) override;

  /// Sends the hints that the last second held back.
  [[nodiscard]] boost::asio::awaitable<Result<void>> after_step() override;

 private:
  boost::asio::awaitable<Result<ChangeResult>> write(Change change);
  boost::asio::awaitable<std::string> hint(const DesiredLever& changed, double admit);

  pg::Session& session_;
  const Clock& clock_;
  Duration deadline_;
  std::map<std::string, double> hints_;  // share by target, not yet sent
  std::optional<TimePoint> hinted_;      // when the last hint was sent
};

}  // namespace homeostat
