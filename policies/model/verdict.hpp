// SPDX-License-Identifier: Apache-2.0
// What one evaluation of one policy about one subject found: plain data. Text is made only when
// somebody asks (controller/cli, `explain`).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policies/model/canary.hpp"
#include "policies/model/policy.hpp"
#include "policies/model/sample.hpp"
#include "policies/model/snapshot.hpp"

namespace homeostat {

/// Of a job: idle, running, stopped to go on later.
enum class BreakerState { closed, open, half_open };

/// What an evaluation changed, or that it changed nothing.
enum class Step {
  idle,      ///< closed, and nothing asks for more
  blocked,   ///< would open, climb or re-open, and a gate says no
  opened,    ///< closed -> open, first rung climbed
  climbed,   ///< open, one rung more
  holding,   ///< open or half open, nothing to change yet
  restored,  ///< one rung given back (the first rung: one step of it)
  reopened,  ///< half open -> open, the rung last given back is taken again
  closed,    ///< half open -> closed, everything given back
  adjusted,  ///< kind regulator: the lever is to stand at another value
  started,   ///< kind job: a run begins
  resumed,   ///< kind job: a run that was stopped goes on
  stopped,   ///< kind job: the run is to stop before it is finished
  finished,  ///< kind job: all is done
  failed,    ///< kind job: it went wrong, and the run is over
  fired,     ///< kind alert: the condition holds
  resolved,  ///< kind alert: the condition no longer holds
  unknown,   ///< an absent signal: neither true nor false, the state is held
};

/// One test that stood between the evaluation and an act. `margin` is in the unit of `value`: how
/// far it passed (>= 0) or what was missing (< 0).
enum class GateKind {
  trip,            ///< the arm's level, or cusum S against its trip
  backstop,        ///< mean over five minutes against ref
  rise,            ///< of a trend over its window against trend.rises
  window,          ///< seconds between the window's folds against what a rise needs to be known
  absent_for,      ///< seconds without a reading against absent_for
  not_clear,       ///< what was folded last against the clear level: old evidence alone never trips
  dwell,           ///< seconds (for:) or evaluations (for_samples:) breached
  max_open,        ///< seconds tripped against max_open: ignored past it until it was clear
  clear,           ///< the arm's clear level
  clear_for,       ///< seconds clear against clear_for
  hold,            ///< seconds open against the hold
  climb_after,     ///< seconds since the last rung
  climb_above,     ///< the ratio folded last against ref: old evidence alone climbs nothing
  healthy_for,     ///< seconds since the last restore against restore.each
  freshness,       ///< seconds of age against stale_after; for a cusum whose last fold holds no
                   ///< reading: how far back from its end the fold that does begins, against a fold
  known_subjects,  ///< subjects known against more than half of all (holding (a))
  breached_share,  ///< subjects breached against half of all (holding (b), isolating levers)
  open_subjects,   ///< subjects open, this one included, against max_subjects
  escalation,      ///< share of its node's subjects open, this one included, against escalate.at:
                   ///< asked only of an opening that takes the node, which needs no budget
  policy_budget,   ///< forward acts left to the policy against 1
  cluster_budget,  ///< forward acts left to the cluster against 1
  sessions_per_hour,  ///< sessions that may still be ended, by all policies, against 1
  rungs,              ///< rungs left to climb against 1 (the ladder's end, max_rung)
  bar,                ///< 0 when the snapshot bars forward acts (`bar` says why), else 1; against 1
  blocked_while,      ///< 0 while a policy of blocked_while is open or unknown, else 1; against 1
  benched,            ///< seconds left of the bench of a rung that is passed over, against 0
  known_inputs,       ///< signals of a regulator's formula that are known against all of them
  lower_bound,        ///< what a regulator computed against bounds.min: short of it, it is clamped
  upper_bound,        ///< the same against bounds.max
  dead_band,          ///< how far the lever would move against the least it moves
  max_step,           ///< how far the lever would move against the most it moves at once
  cut_every,          ///< seconds since the last cut against aimd.every
  grow_every,         ///< seconds since the last cut or growth against aimd.every
  wall_clock,         ///< 1 when the time of day is known, else 0; against 1
  start_window,       ///< 1 inside the windows of a job, else 0; against 1
  at_most_every,      ///< seconds since the last start of a job against at_most_every
  cooldown,           ///< seconds since the last end of a job against its cooldown
  approval,           ///< 1 when a person has said yes to this run, else 0; against 1
  one_at_a_time,      ///< 1 when no other job runs on the target, else 0; against 1
  time_budget,        ///< seconds that a part of a job has run, less than budget.time
  byte_budget,        ///< bytes that a part of a job has moved, less than budget.bytes
  bytes_per_day,      ///< bytes that all jobs have moved, less than limits.bytes_per_day
  deadline,           ///< seconds since a part of a job was started, less than its deadline
  resume_window,      ///< 1 inside a window that began after the run was stopped, else 0; against 1
};

struct Gate {
  GateKind kind = GateKind::trip;
  int arm = -1;  ///< index into Verdict::evidence; -1: the policy's own gate
  double value = 0;
  double threshold = 0;
  double margin = 0;
  bool passed = false;
  int rung = 0;  ///< that it is about (`benched`); 0: about none
  /// Of `blocked_while`: it passes, and one of them is open all the same, by arms that make nobody
  /// wait.
  bool left_out = false;
};

/// What an arm saw.
struct Evidence {
  SignalName signal;
  Quality quality = Quality::absent;
  AbsentReason reason = AbsentReason::never_sampled;
  double numerator = 0;
  double denominator = 1;
  std::optional<double> judged;    ///< what was compared: the value, its EWMA, or what was folded
  std::optional<double> cusum;     ///< S
  std::optional<double> backstop;  ///< mean of r over five minutes, once it is known
  bool tripped = false;
  bool clear = false;
  std::optional<double> rise = {};  ///< of a trend over its window, once it is known
};

struct Verdict {
  std::string policy;
  Subject subject;
  PolicyKind kind = PolicyKind::breaker;
  Mode mode = Mode::shadow;
  double share = 0;  ///< of what it acts on that it acts on now: 1 enforced, 0 in shadow
  TimePoint at{};
  BreakerState state = BreakerState::closed;  ///< after this evaluation
  Step step = Step::idle;
  int rung = 0;         ///< the highest rung engaged after this evaluation
  int took = 0;         ///< the rung that this evaluation took; 0: none
  int rungs = 0;        ///< of the ladder
  double admitted = 0;  ///< of the last rung left while it comes back in steps: 0.05, 0.25; else 0
  Duration hold{};      ///< the current hold
  int trips = 0;        ///< openings and re-openings since the hold was last reset
  ForwardBar bar = ForwardBar::none;
  std::optional<double> computed;     ///< of a regulator: before its bounds; may be infinite
  std::optional<double> target;       ///< the same within its bounds; nothing: unknown
  std::optional<double> value;        ///< where its lever is to stand; nothing: not set by it
  std::optional<JobStatus> job = {};  ///< of a job
  /// One an arm, in the policy's order; then one a signal or record of a regulator's formula.
  std::vector<Evidence> evidence;
  std::vector<Gate> gates;

  /// Whether its levers are really moved, and not only in its mind.
  bool acts() const { return share > 0; }
};

/// How an act is judged by what its policy's `expect:` promised.
enum class EffectOutcome {
  effective,     ///< moved as far as promised
  ineffective,   ///< did not
  harmful,       ///< moved the wrong way, by at least as much as was promised the right way
  inconclusive,  ///< nobody can say (EffectDoubt says why); never counts as success
  shared,        ///< another act was aimed at the same signal and subject in the same window
};

/// Why nobody can say.
enum class EffectDoubt {
  none,
  unmeasured,       ///< the signal was absent when the act was made, or is now
  missing_samples,  ///< for more than a quarter of the window
  traffic_changed,  ///< the ratio's denominator more than doubled or fell below a quarter
  nothing_to_move,  ///< the signal was 0, or where it was to go, before the act
  given_back,       ///< before the time was up, and until then it had not moved far enough
  barred,           ///< the daemon could not have kept the lever standing (`bar`)
};

/// A promise of `expect:` that came due, judged.
struct Effect {
  std::string policy;
  Subject subject;
  SignalName signal;
  ExpectedMove move = ExpectedMove::falls_by;
  double amount = 0;
  int rung = 0;  ///< the act that was to have the effect
  TimePoint acted{};
  TimePoint judged{};
  std::optional<double> before;  ///< nothing: the signal was absent
  std::optional<double> after;
  EffectOutcome outcome = EffectOutcome::inconclusive;
  EffectDoubt doubt = EffectDoubt::none;  ///< none unless inconclusive
  /// In canary: by how much the subjects left alone, as bad off as this one, moved meanwhile. What
  /// is judged is the difference.
  std::optional<double> control = {};
  friend bool operator==(const Effect&, const Effect&) = default;
};

/// Why one claim on a lever goes before another.
enum class Precedence {
  admits_less,  ///< the strictest admission wins
  priority,     ///< the policies' own `priority`
  name,         ///< they tie, and the order of their names decides
};

/// A policy wanted a lever that another policy got.
struct Overruled {
  std::string lever;
  std::string target;
  std::string policy;  ///< that lost
  Subject subject;
  int rung = 0;
  std::string by;  ///< that got it
  Precedence why = Precedence::name;
  friend bool operator==(const Overruled&, const Overruled&) = default;
};

/// A condition worth telling people about, at every evaluation while it lasts.
struct ActiveAlert {
  std::string policy;
  Subject subject;
  AlertSpec spec;
  Mode mode = Mode::shadow;
  double share = 0;  ///< as in Verdict
  TimePoint since{};
  int rung = 0;
  friend bool operator==(const ActiveAlert&, const ActiveAlert&) = default;
};

/// One step of one policy that moved at least one lever away from its baseline: what budgets count.
struct ForwardAct {
  std::string policy;
  TimePoint at{};
  friend bool operator==(const ForwardAct&, const ForwardAct&) = default;
};

/// What is remembered of a rung whose acts were judged ineffective or harmful.
struct BenchedRung {
  int rung = 0;
  int tries = 0;         ///< ineffective in a row; 0: benched only for harm
  bool harmful = false;  ///< it was given back because it did harm
  bool skipped = false;  ///< below the highest rung engaged, and not engaged itself
  TimePoint since{};
  Duration length{};  ///< passed over until since + length; remembered for longer
  friend bool operator==(const BenchedRung&, const BenchedRung&) = default;
};

/// What must survive a restart of the supervisor, per policy and subject; kept in the ledger.
struct PolicyMemory {
  std::string policy;
  Subject subject;
  std::string policy_hash;
  BreakerState state = BreakerState::closed;
  int rung = 0;
  int restore_step = 0;  ///< of the last rung left: how many of restore.steps are given back
  Duration hold{};
  int trips = 0;
  TimePoint changed{};               ///< when state or rung last changed
  TimePoint opened{};                ///< when it last opened or re-opened
  std::vector<BenchedRung> benched;  ///< in order of rung
  /// How far the policy has come in canary: the same for all its subjects. Only where memories are
  /// kept; the engine has one a policy.
  std::optional<CanaryMemory> canary = {};
  std::optional<JobMemory> job = {};  ///< of a job that was started before, or needs approval
  friend bool operator==(const PolicyMemory&, const PolicyMemory&) = default;
};

std::string_view to_text(BreakerState state);
std::optional<BreakerState> parse_breaker_state(std::string_view text);
std::string_view to_text(Step step);
/// Opened, climbed, re-opened, started, resumed: what budgets count.
bool is_forward(Step step);
std::optional<Step> parse_step(std::string_view text);
std::string_view to_text(EffectOutcome outcome);
std::optional<EffectOutcome> parse_effect_outcome(std::string_view text);
std::string_view to_text(EffectDoubt doubt);
std::optional<EffectDoubt> parse_effect_doubt(std::string_view text);
std::string_view to_text(Precedence why);
std::string_view to_text(GateKind kind);
std::optional<GateKind> parse_gate_kind(std::string_view text);

}  // namespace homeostat
