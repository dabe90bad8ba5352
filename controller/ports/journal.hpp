// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "policies/model/error.hpp"
#include "policies/model/lever.hpp"
#include "policies/model/snapshot.hpp"
#include "policies/model/verdict.hpp"

namespace homeostat {

/// What the reconciler did to a lever.
struct ActRecord {
  TimePoint at{};
  ChangeKind kind = ChangeKind::apply;
  ChangeOutcome outcome = ChangeOutcome::unknown;
  LeverKey key;
  LeverValue value;
  std::string policy;
  Subject subject;
  int rung = 0;
  FenceToken token;
  std::string detail;
};

/// A policy as the steps from here on are decided by.
struct PolicyStamp {
  std::string policy;
  std::string hash;
  Mode mode = Mode::shadow;
  friend bool operator==(const PolicyStamp&, const PolicyStamp&) = default;
};

/// What resumed() of the engine was given: the memories that a leader took over from the ledger.
struct Resumption {
  std::vector<PolicyMemory> memories;
  std::vector<ForwardAct> acts;
  std::vector<RegulatedValue> values;    ///< where the levers of regulators stood
  std::optional<TimePoint> braked = {};  ///< since when the storm brake is on
  std::vector<MovedBytes> moved = {};    ///< by parts of jobs lately
  friend bool operator==(const Resumption&, const Resumption&) = default;
};

/// What a step is decided on where it does not simply go on from the one before: the first of a
/// daemon, the first after a reload, and one in which a leader took over.
struct Basis {
  std::vector<PolicyStamp> policies;
  std::optional<Resumption> resumed;  ///< nothing: the engine's state went on
  friend bool operator==(const Basis&, const Basis&) = default;
};

/// One step of the supervisor, complete: replaying it gives the same decisions.
struct JournalStep {
  TimePoint at{};
  WallTime wall{};
  bool decided = true;         ///< false: only acts, as a daemon makes them at its end
  std::optional<Basis> basis;  ///< nothing: as the step before
  ForwardBar bar = ForwardBar::none;
  std::vector<std::string> paused;                  ///< as in Snapshot
  std::vector<Acknowledgement> acks;                ///< as in Snapshot
  std::map<LeverKey, JobProgress> jobs = {};        ///< as in Snapshot
  std::map<LeverKey, NotStarted> not_started = {};  ///< as in Snapshot
  int sessions_ended = 0;                           ///< as in Snapshot
  std::vector<Sample> samples;                      ///< taken since the last step
  std::vector<Verdict> verdicts;
  std::vector<Effect> effects;
  std::vector<ActRecord> acts;
};

/// The local history. Losing it stops forward acts (fail static), never the daemon.
class Journal {
 public:
  virtual ~Journal() = default;

  /// Appends a step. Durable on return when the step holds acts; quiet steps may be lost with the
  /// machine, never torn. An Error (`storage`) makes the journal unusable until a later append
  /// succeeds.
  [[nodiscard]] virtual Result<void> append(const JournalStep& step) = 0;

  /// Writes what append() holds back. An Error (`storage`) makes the journal unusable: asked before
  /// a forward act, for a full disk must be known before it and not after.
  [[nodiscard]] virtual Result<void> flush() = 0;

  /// Drops what is older than the retention and what exceeds the size limit. Called once a tick.
  [[nodiscard]] virtual Result<void> prune(WallTime now) = 0;

  /// False from a failed append until one succeeds.
  virtual bool usable() const = 0;
};

}  // namespace homeostat
