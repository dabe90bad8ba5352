// SPDX-License-Identifier: Apache-2.0
// The lever `zone`: zones that do not answer are in recovery, and their transactions turned away.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controller/ports/clock.hpp"
#include "controller/ports/lever.hpp"
#include "controller/transport/pg_session.hpp"

namespace homeostat {

/// Where a zone is.
struct ZonePlace {
  std::string zone;
  std::string node;          ///< as the configuration calls it
  std::optional<int> group;  ///< pg_dist_node.groupid, 0: the coordinator; nothing: not known now
  bool here = false;         ///< on the server that holds the ledger
};

/// As it is known now.
using ZonePlaces = std::function<std::vector<ZonePlace>()>;

/// Writes through homeostat.recovery_apply(), _renew() and _revert(): fence, ledger and effect are
/// one transaction there. homeostat.admit() refuses by it, homeostat.route() tells of it, and
/// LISTEN homeostat gets a hint that something changed. Targets are `zone/NAME` and, for all zones
/// of a node, `node/NAME`; the one argument is `admit`, the share of keys that is let in. A target
/// on the ledger's own server is refused. Keeps the schema's inventory of zones as `places` says.
class ZoneLever : public Lever {
 public:
  /// `session` is the ledger's own, which holds the lease; it and `clock` stay the caller's and
  /// must outlive this. Every statement ends by `deadline`.
  ZoneLever(pg::Session& session, ZonePlaces places, const Clock& clock,
            Duration deadline = std::chrono::seconds{2});

  std::string_view name() const override { return "zone"; }

  /// The share written there, whether its expiry has passed or not; the baseline when there is
  /// none: it answers "is that still ours", not "who is admitted".
  [[nodiscard]] boost::asio::awaitable<Result<LeverValue>> read(std::string target) override;

  [[nodiscard]] boost::asio::awaitable<Result<ChangeResult>> apply(Change change) override;

  /// Writes down where the zones are, when that has changed, and each minute, for another leader
  /// may have known better; sends the hints that the last second held back.
  [[nodiscard]] boost::asio::awaitable<Result<void>> after_step() override;

 private:
  boost::asio::awaitable<Result<void>> tell_places();
  boost::asio::awaitable<Result<void>> send_hints();

  pg::Session& session_;
  ZonePlaces places_;
  const Clock& clock_;
  Duration deadline_;
  std::string told_;                     // the inventory as it was written last
  std::optional<TimePoint> told_at_;     // and when
  std::map<std::string, double> hints_;  // share by target, not yet sent
  std::optional<TimePoint> hinted_;      // when the last hint was sent
};

}  // namespace homeostat
