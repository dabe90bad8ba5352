// SPDX-License-Identifier: Apache-2.0
// The one choke point of every act: compares what the policies want with what the ledger says and
// moves only what differs. Level-triggered: a crash, a missed step or a new leader needs no special
// path.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controller/loop/report.hpp"
#include "controller/ports/journal.hpp"
#include "controller/ports/ledger.hpp"
#include "controller/ports/lever.hpp"
#include "policies/model/snapshot.hpp"

namespace homeostat {

class Reconciler {
 public:
  /// The levers stay the caller's and must outlive this.
  explicit Reconciler(std::vector<Lever*> levers);

  /// Starts from the ledger under a new epoch. Rows that nobody wants are reverted by the steps
  /// that follow; those of the database's guard when they have expired.
  void adopt(const std::vector<LedgerRow>& rows, std::int64_t epoch, TimePoint now);

  /// Forgets everything: the fence is not ours any more.
  void drop();

  struct Options {
    ForwardBar bar =
        ForwardBar::none;             ///< other than none: only towards the baseline, and renewals
    std::vector<std::string> paused;  ///< policies of which the same holds, in order of name
    bool tick = false;                ///< renew every row; the lever compares as it renews
    bool unpaced = false;  ///< revert everything at once, refused before or not (on exit)
    /// Levers that are neither given back nor changed now, only set and renewed (settles_last).
    std::set<std::string, std::less<>> held = {};
    /// Given back all the same: they did harm.
    std::set<LeverKey> harmful = {};
  };

  /// Moves towards `wishes`, what the policies want. REQUIRES: the lease is ours. Stops at the
  /// first outcome that is unknown or superseded: then fence_lost() holds until adopt().
  [[nodiscard]] boost::asio::awaitable<std::vector<ActRecord>> step(
      const std::vector<DesiredLever>& wishes, Options options, TimePoint now);

  bool fence_lost() const { return !fence_lost_.empty(); }
  const std::string& fence_lost_reason() const { return fence_lost_; }

  /// The rows that are open, and those that were yielded to somebody else's value: while a policy
  /// wants the target and, when it was found at a revert, for five minutes.
  std::vector<OpenLever> open(TimePoint now) const;

  /// What a policy wants and a lever refuses, of what does not stand at all: it is tried again.
  struct Refusal {
    std::string policy;
    NotStarted tried;
    TimePoint newest{};  ///< try
  };
  std::map<LeverKey, Refusal> refused() const;

 private:
  struct Standing {
    LedgerRow row;
    TimePoint expires{};
    Duration ttl{};
    bool held = false;                      ///< it would be given back or changed, were it not held
    std::optional<TimePoint> failing = {};  ///< since when changes of it are refused
    int refusals = 0;                       ///< in a row
    bool yielded = false;
    std::string last_error;
    TimePoint retry_at{};
    Duration backoff{};
  };

  boost::asio::awaitable<ActRecord> change(ChangeKind kind, const DesiredLever& desired,
                                           TimePoint now, bool barred = false);
  boost::asio::awaitable<void> verify(Lever* lever, ActRecord* record);
  void settle(const ActRecord& record, const DesiredLever& desired, TimePoint now);
  std::vector<DesiredLever> with_held(std::vector<DesiredLever> desired, const Options& options);
  bool wants_change(const Standing& standing, const DesiredLever& desired, bool barred) const;

  std::map<std::string, Lever*, std::less<>> levers_;
  std::map<LeverKey, Standing> standing_;
  std::map<LeverKey, Standing> failed_;        // wanted, and not (yet) in the ledger
  std::map<LeverKey, Standing> yielded_back_;  // found at a revert; `expires`: shown until then
  FenceToken token_;
  int reverts_this_tick_ = 0;
  std::string fence_lost_;
};

}  // namespace homeostat
