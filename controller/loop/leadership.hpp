// SPDX-License-Identifier: Apache-2.0
// Keeps the lease: who may act. Everything that needs the fence asks here first.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>
#include <vector>

#include "controller/ports/ledger.hpp"
#include "policies/model/snapshot.hpp"

namespace homeostat {

class Leadership {
 public:
  /// `ledger` may be null: then nobody leads and nobody needs to (shadow without a ledger).
  /// `renew_every` must be well under the lease's time to live.
  Leadership(Ledger* ledger, Duration renew_every);

  enum class Turn {
    none,
    gained,    ///< ours, and another instance may have led since it last was
    regained,  ///< ours again, and nobody else has led meanwhile
    lost,
  };

  /// Takes or renews the lease when that is due. REQUIRES: called at every step.
  [[nodiscard]] boost::asio::awaitable<Turn> step(TimePoint now, Duration deadline);

  /// Somebody found out the hard way (a superseded write, a lost session): the next step asks the
  /// database again, and until then nobody here leads.
  void doubt(std::string why);

  bool configured() const { return ledger_ != nullptr; }
  bool leader() const { return leader_; }
  std::int64_t epoch() const { return epoch_; }
  const std::string& holder() const { return holder_; }
  /// Nobody acts: the lease of `holder` ran out, and its session neither goes nor gives up its
  /// lock.
  bool leaderless() const { return leaderless_; }
  /// What operators have paused, as of the last renewal, or of ask_orders() if that is later.
  const std::vector<Pause>& pauses() const { return pauses_; }
  /// What they have acknowledged, on the caller's time line: each stays where it first was seen.
  std::vector<Acknowledgement> acks() const;
  /// What levers have ended within the last hour, as of the same.
  int sessions_ended() const { return sessions_ended_; }
  /// Asks anew, for a forward act that is about to be made. No answer is a doubt.
  [[nodiscard]] boost::asio::awaitable<void> ask_orders(TimePoint now, Duration deadline);
  /// none when forward acts need not be barred for want of leadership.
  ForwardBar bar() const;
  /// One line worth a warning though the lease stands; usually empty.
  const std::string& note() const { return note_; }
  /// One line for people: why the bar stands.
  const std::string& detail() const { return detail_; }

 private:
  Ledger* ledger_;
  Duration renew_every_;
  std::optional<TimePoint> next_;
  bool leader_ = false;
  bool reachable_ = false;
  bool leaderless_ = false;
  std::int64_t epoch_ = 0;
  std::int64_t led_epoch_ = 0;  ///< the last one that was ours
  std::string holder_;
  std::vector<Pause> pauses_;
  std::map<std::int64_t, Acknowledgement> acks_;  ///< by id
  int sessions_ended_ = 0;
  bool flapping_ = false;
  std::string note_;
  std::string detail_ = "the lease has not been asked for yet";
};

}  // namespace homeostat
