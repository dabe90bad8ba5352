// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>
#include <vector>

#include "policies/model/error.hpp"
#include "policies/model/lever.hpp"
#include "policies/model/verdict.hpp"

namespace homeostat {

/// One open row of the ledger: a lever that stands, or is about to stand, away from its baseline.
struct LedgerRow {
  LeverKey key;
  LeverValue prior;  ///< baseline when it was inherited
  LeverValue value;  ///< what we set
  std::string policy;
  Subject subject;
  int rung = 0;
  std::string policy_hash;
  Duration remaining{};  ///< until expiry, by the database's clock when read; negative: past it
  FenceToken token;
};

struct LedgerImage {
  std::vector<LedgerRow> rows;
  std::vector<PolicyMemory> memories;    ///< times are on the caller's monotonic line
  std::vector<ForwardAct> forward;       ///< as far back as asked for, oldest first
  std::optional<TimePoint> braked = {};  ///< since when the storm brake is on
  std::vector<MovedBytes> moved = {};    ///< by parts of jobs lately
};

/// Somebody's word that nothing is to move forward: `cluster`, or `policy/NAME`.
struct Pause {
  std::string scope;
  std::string owner;  ///< the role that logged in to say so
  std::string reason;
  Duration stood{};      ///< since it began, by the database's clock when read
  Duration remaining{};  ///< until it ends by itself
};

/// Somebody's word that what stopped by itself may go on: `cluster`, or `policy/NAME`.
struct Ack {
  std::int64_t id = 0;  ///< rises
  std::string scope;
  Duration age{};  ///< by the database's clock when read
};

/// What operators have said, and how much of what they allow is used up.
struct Orders {
  std::vector<Pause> pauses;  ///< those that stand, in order of scope
  std::vector<Ack> acks;      ///< the newest of each scope
  int sessions_ended = 0;     ///< by levers within the last hour, by the database's clock
};

/// What a leader leaves for the next one.
struct Kept {
  std::vector<PolicyMemory> memories;
  std::optional<TimePoint> braked;
  std::vector<MovedBytes> moved = {};
  friend bool operator==(const Kept&, const Kept&) = default;
};

/// The lease on a cluster, as the database confirmed it.
struct Lease {
  std::int64_t epoch = 0;
  std::string holder;  ///< the instance that leads: host, pid
  bool ours = false;
  /// Leases that ran out and were taken by another instance within the last hour. More than three
  /// (H34) mean that leadership flaps: a reason to hold.
  int takeovers = 0;
  /// Not ours, and past its time: its holder is gone or frozen, and so is what it was to do.
  bool ran_out = false;
  std::string note =
      {};  ///< one line worth a warning, usually empty; the lease stands all the same
};

/// The ledger in the supervised database, and leadership over it. Levers whose effect is SQL write
/// their own rows through functions of the same schema; this port reads them and keeps the rest.
class Ledger {
 public:
  virtual ~Ledger() = default;

  /// Takes or renews the lease, connecting first when need be. Ours only when the database
  /// confirmed it within `deadline`. A lease that ran out is taken over: its holder's session is
  /// ended if (and only if) it is one of the actuator role.
  [[nodiscard]] virtual boost::asio::awaitable<Result<Lease>> hold_lease(Duration deadline) = 0;

  /// Gives the lease up, so that a standby need not wait for it to run out.
  [[nodiscard]] virtual boost::asio::awaitable<Result<void>> release_lease(Duration deadline) = 0;

  /// Open rows, kept memories and the forward acts of the last `recall`. REQUIRES: the lease is
  /// ours.
  [[nodiscard]] virtual boost::asio::awaitable<Result<LedgerImage>> load(TimePoint now,
                                                                         Duration recall,
                                                                         Duration deadline) = 0;

  /// Stores it under the fence; memories of policies not named are deleted.
  [[nodiscard]] virtual boost::asio::awaitable<Result<void>> keep(Kept kept, std::int64_t epoch,
                                                                  TimePoint now,
                                                                  Duration deadline) = 0;

  /// Asked with every renewal and before forward acts.
  [[nodiscard]] virtual boost::asio::awaitable<Result<Orders>> orders(Duration deadline) = 0;

  /// The server on which the ledger lives; empty until connected.
  virtual std::string identity() const = 0;
};

}  // namespace homeostat
