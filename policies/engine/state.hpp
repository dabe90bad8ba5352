// SPDX-License-Identifier: Apache-2.0
// What the engine remembers from one step to the next. A value: decide() moves it through.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "policies/model/verdict.hpp"

namespace homeostat {

/// Readings of one signal and subject pooled over one fold (5 s). Folds are aligned: number k
/// covers [k*fold, (k+1)*fold) of the monotonic time line.
struct Fold {
  std::int64_t number = 0;
  double numerator = 0;    ///< sum over the readings that were not absent
  double denominator = 0;  ///< sum; empty readings add nothing
  int readings = 0;        ///< not absent; 0 makes the fold absent
};

/// The fold being filled and the last one that ended.
struct SignalMemory {
  TimePoint last_taken{};  ///< of the newest sample already pooled: each counts once
  bool seen = false;
  std::optional<Fold> filling;
  std::optional<Fold> ended;
};

struct ArmMemory {
  double cusum = 0;
  std::optional<double> folded;                         ///< r of the last fold stepped on
  std::int64_t stepped_fold = -1;                       ///< its number
  std::vector<std::pair<std::int64_t, double>> window;  ///< (fold, r) of the backstop's window
  std::optional<double> smoothed;                       ///< EWMA
  TimePoint smoothed_at{};
  int breached_evaluations = 0;
  std::optional<TimePoint> breached_since;
  std::optional<TimePoint> clear_since;
  bool tripped = false;
  std::optional<TimePoint> tripped_since;
  bool exhausted = false;  ///< past max_open: ignored until it was clear
};

struct PendingEffect {
  Effect effect;
  TimePoint due{};
};

struct PolicyRuntime {
  PolicyMemory memory;
  std::vector<ArmMemory> arms;
  TimePoint next_due{};
  std::int64_t evaluated_fold = -1;
  std::optional<TimePoint> last_climb;
  std::optional<TimePoint> last_restore;
  std::optional<TimePoint> closed_at;
  std::optional<TimePoint> alert_since;
  std::vector<PendingEffect> pending;
};

struct EngineState {
  std::map<std::pair<SignalName, Subject>, SignalMemory> signals;
  std::map<std::pair<std::string, Subject>, PolicyRuntime> policies;
  std::map<std::string, std::vector<TimePoint>> forward_acts;  ///< by policy, newest last
};

/// The part of the state that the ledger keeps, in order of (policy, subject).
std::vector<PolicyMemory> memories(const EngineState& state);

/// A state that goes on from what the ledger kept: after a restart or a change of leader. Detectors
/// start without evidence. Memories of a policy whose hash changed or that is gone are dropped.
EngineState resumed(const PolicySet& set, const std::vector<PolicyMemory>& kept, TimePoint now);

/// The state of a running engine carried over to a reloaded PolicySet: policies with the same name
/// and hash keep everything, others start closed (so their levers fall back to the baseline).
EngineState carried_over(const PolicySet& set, EngineState state, TimePoint now);

}  // namespace homeostat
