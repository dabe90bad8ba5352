// SPDX-License-Identifier: Apache-2.0
// What the engine remembers from one step to the next. A value: decide() moves it through.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "policies/model/lever.hpp"
#include "policies/model/policy.hpp"
#include "policies/model/verdict.hpp"

namespace homeostat {

/// Readings of one signal and subject pooled over one fold (5 s). Folds are aligned: number k
/// covers [k*fold, (k+1)*fold) of the monotonic time line.
struct Fold {
  std::int64_t number = 0;
  double numerator = 0;    ///< sum over the readings that were not absent
  double denominator = 0;  ///< sum; empty readings add nothing
  int readings = 0;        ///< not absent, empty ones included
  friend bool operator==(const Fold&, const Fold&) = default;
};

/// The fold being filled and the newest one that ended with a reading in it. A fold without a
/// reading leaves no trace: it is absent.
struct SignalMemory {
  std::optional<TimePoint> last_taken;  ///< of the newest sample pooled: each counts once
  std::optional<Fold> filling;
  std::optional<Fold> ended;
  friend bool operator==(const SignalMemory&, const SignalMemory&) = default;
};

struct ArmMemory {
  // cusum: stepped at each fold
  double cusum = 0;
  std::optional<double> folded;    ///< r (of a trend: the value) of the fold stepped on last
  std::int64_t stepped_fold = -1;  ///< its number
  std::vector<std::pair<std::int64_t, double>> window;  ///< (fold, r) of the backstop's window

  // trend: stepped at each fold as well
  std::map<Subject, std::vector<std::pair<std::int64_t, double>>>
      history;                 ///< (fold, value) of each member within the window
  std::optional<double> rise;  ///< over the window that ended with the fold stepped on last

  // absence: followed at each step
  std::optional<TimePoint> absent_since;

  // level: looked at in each evaluation (a trend: at each fold)
  std::optional<double> smoothed;  ///< EWMA, stepped with each reading
  std::optional<TimePoint> smoothed_at;
  int breached_evaluations = 0;        ///< consecutive, each on a reading of its own
  Duration breached_time{};            ///< without a break; absence does not count
  std::optional<TimePoint> counted;    ///< `taken` of the reading counted last
  std::optional<TimePoint> looked_at;  ///< the last look, if that saw anything

  // all
  bool clear = false;     ///< what was judged last was beyond the clear level
  Duration clear_time{};  ///< without a break; absence does not count
  bool involved = false;  ///< tripped since the breaker was last closed, or the alert quiet: must
                          ///< clear before restoring
  std::optional<TimePoint> tripped_since;  ///< first trip since it was last clear for clear_for
  bool exhausted = false;                  ///< past max_open: ignored until it was clear
  friend bool operator==(const ArmMemory&, const ArmMemory&) = default;
};

/// Looks at the signal of an `expect:`, one a fold: a ratio's numerators and denominators, a
/// gauge's values over 1 each.
struct Looks {
  double numerator = 0;
  double denominator = 0;
  int count = 0;
  friend bool operator==(const Looks&, const Looks&) = default;
};

/// A promise whose window is still open.
struct PendingEffect {
  Effect effect;
  TimePoint due{};
  double traffic = 0;             ///< the ratio's denominator in the fold before the act
  bool shared = false;            ///< another act was aimed at the same while this window was open
  int looked = 0;                 ///< folds looked at since the act
  int missing = 0;                ///< those of them without a reading
  std::optional<double> control;  ///< what the subjects left alone stood at when the act was made
  Looks late;                     ///< pooled over the last quarter of the window
  friend bool operator==(const PendingEffect&, const PendingEffect&) = default;
};

/// An opening in canary, while the keys left alone show whether it was needed.
struct Trial {
  TimePoint opened{};
  TimePoint looked{};  ///< last
  Duration beyond{};   ///< what tripped was not clear
  Duration unknown{};
  friend bool operator==(const Trial&, const Trial&) = default;
};

/// Of a regulator. The lever's value is kept by the ledger's row of it, not here a second time.
struct RegulatorMemory {
  std::optional<double> value;  ///< where the lever is to stand; nothing: not set yet
  std::optional<TimePoint> last_cut;
  std::optional<TimePoint> last_growth;
  friend bool operator==(const RegulatorMemory&, const RegulatorMemory&) = default;
};

/// Of one policy and subject.
struct PolicyRuntime {
  PolicyMemory memory;
  PolicyKind kind = PolicyKind::breaker;
  Mode mode = Mode::shadow;  ///< it was last evaluated in
  double share = 0;          ///< that it acts on, see Verdict
  std::vector<ArmMemory> arms;
  RegulatorMemory regulated;
  std::optional<TimePoint> next_due;  ///< nothing: never evaluated, due at once
  std::int64_t seen_fold = -1;        ///< the fold that was being filled at the last step
  std::optional<TimePoint> last_climb;
  std::optional<TimePoint> last_restore;
  std::optional<TimePoint> closed_at;
  std::optional<TimePoint> alert_since;
  bool blind = false;  ///< the condition was unknown at the last evaluation (arms with max_rung
                       ///< left aside), or there was none: others that are blocked_while this is
                       ///< open wait
  std::vector<std::string> reasons;            ///< why each rung stands where it stands
  std::vector<PendingEffect> pending;          ///< in order of time
  std::optional<NotStarted> not_started = {};  ///< of a job: its newest part, as in JobStatus
  std::int64_t looked_fold = -1;  ///< the fold that was being filled when they were looked at
  std::optional<Trial> trial;
  friend bool operator==(const PolicyRuntime&, const PolicyRuntime&) = default;
};

struct EngineState {
  std::map<std::pair<SignalName, Subject>, SignalMemory> signals;
  std::map<std::pair<std::string, Subject>, PolicyRuntime> policies;
  std::vector<ForwardAct> forward_acts;  ///< of every policy, real or virtual, newest last
  std::vector<ForwardAct> cluster_acts;  ///< the real ones; kept as long as the storm brake looks
  std::vector<MovedBytes> moved;         ///< by parts of jobs, as long as bytes_per_day looks
  std::map<std::string, CanaryMemory> canaries;  ///< by policy: in canary, or on probation
  std::optional<TimePoint> braked;               ///< since when the storm brake is on
  Duration fold{};                               ///< the length that fold numbers above refer to
  friend bool operator==(const EngineState&, const EngineState&) = default;
};

/// The part of the state that the ledger keeps, in order of (policy, subject): of policies that
/// act, of those in canary and of kind alert. What a policy in shadow would have done is not worth
/// resuming: it must never turn into levers because the mode was raised meanwhile.
std::vector<PolicyMemory> memories(const EngineState& state);

/// What a leader that gives everything back leaves of them: how far policies have come in canary,
/// and the runs of jobs. One that ran is stopped by that, at `now`.
std::vector<PolicyMemory> lasting_memories(const EngineState& state, TimePoint now);

/// A state that goes on from what the ledger kept: after a restart or a change of leader. Detectors
/// start without evidence, and nothing is given back before the signals have been clear anew.
/// Memories of a policy whose hash changed or that is gone are dropped. `acts` are the forward acts
/// of the last budget window as far as the ledger knows them; without them, the budgets start from
/// the openings and climbs that the memories still show. A regulator goes on from the value of its
/// row in the ledger (`values`): that is what stands, and it must not jump because the supervisor
/// changed. Without a row it starts anew. `braked`: since when the storm brake is on. `moved`: what
/// parts of jobs have moved lately, of whatever policy.
EngineState resumed(const PolicySet& set, const std::vector<PolicyMemory>& kept, TimePoint now,
                    const std::vector<ForwardAct>& acts = {},
                    const std::vector<RegulatedValue>& values = {},
                    std::optional<TimePoint> braked = {},
                    const std::vector<MovedBytes>& moved = {});

/// The state of a running engine carried over to a reloaded PolicySet: policies with the same name
/// and hash keep everything, others start closed (so their levers fall back to the baseline).
/// Budgets are carried over for all.
EngineState carried_over(const PolicySet& set, EngineState state, TimePoint now);

/// A policy about a subject as it starts: closed, without evidence, due at once.
PolicyRuntime fresh_runtime(const Policy& policy, const Subject& subject);

}  // namespace homeostat
