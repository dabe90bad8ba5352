// SPDX-License-Identifier: Apache-2.0
// What one evaluation of one policy about one subject found: plain data. Text is made only when
// somebody asks (controller/cli, `explain`).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policies/model/policy.hpp"
#include "policies/model/sample.hpp"
#include "policies/model/snapshot.hpp"

namespace homeostat {

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
  fired,     ///< kind alert: the condition holds
  resolved,  ///< kind alert: the condition no longer holds
  unknown,   ///< an absent signal: neither true nor false, the state is held
};

/// One test that stood between the evaluation and an act. `margin` is in the unit of `value`: how
/// far it passed (>= 0) or what was missing (< 0).
enum class GateKind {
  trip,         ///< the arm's level, or cusum S against its trip
  backstop,     ///< mean over five minutes against ref
  not_clear,    ///< the ratio folded last against the clear level: old evidence alone never trips
  dwell,        ///< seconds (for:) or evaluations (for_samples:) breached
  max_open,     ///< seconds tripped against max_open: ignored past it until it was clear
  clear,        ///< the arm's clear level
  clear_for,    ///< seconds clear against clear_for
  hold,         ///< seconds open against the hold
  climb_after,  ///< seconds since the last rung
  climb_above,  ///< the ratio folded last against ref: old evidence alone climbs nothing
  healthy_for,  ///< seconds since the last restore against restore.each
  freshness,    ///< seconds of age against stale_after; for a cusum whose last fold holds no
                ///< reading: how far back from its end the fold that does begins, against a fold
  known_subjects,  ///< subjects known against more than half of all (holding (a))
  breached_share,  ///< subjects breached against half of all (holding (b), isolating levers)
  open_subjects,   ///< subjects open, this one included, against max_subjects
  policy_budget,   ///< forward acts left to the policy against 1
  cluster_budget,  ///< forward acts left to the cluster against 1
  rungs,           ///< rungs left to climb against 1 (the ladder's end, max_rung)
  bar,             ///< 0 when the snapshot bars forward acts (`bar` says why), else 1; against 1
  blocked_while,   ///< 0 while a policy of blocked_while is open or unknown, else 1; against 1
};

struct Gate {
  GateKind kind = GateKind::trip;
  int arm = -1;  ///< index into Verdict::evidence; -1: the policy's own gate
  double value = 0;
  double threshold = 0;
  double margin = 0;
  bool passed = false;
};

/// What an arm saw.
struct Evidence {
  SignalName signal;
  Quality quality = Quality::absent;
  AbsentReason reason = AbsentReason::never_sampled;
  double numerator = 0;
  double denominator = 1;
  std::optional<double> judged;  ///< what was compared: the value, its EWMA, or the folded ratio r
  std::optional<double> cusum;   ///< S
  std::optional<double> backstop;  ///< mean of r over five minutes, once it is known
  bool tripped = false;
  bool clear = false;
};

struct Verdict {
  std::string policy;
  Subject subject;
  PolicyKind kind = PolicyKind::breaker;
  Mode mode = Mode::shadow;
  TimePoint at{};
  BreakerState state = BreakerState::closed;  ///< after this evaluation
  Step step = Step::idle;
  int rung = 0;         ///< rungs engaged after this evaluation
  int rungs = 0;        ///< of the ladder
  double admitted = 0;  ///< of the first rung while it comes back in steps: 0.05, 0.25; else 0
  Duration hold{};      ///< the current hold
  int trips = 0;        ///< openings and re-openings since the hold was last reset
  ForwardBar bar = ForwardBar::none;
  std::vector<Evidence> evidence;  ///< one an arm, in the policy's order
  std::vector<Gate> gates;
};

/// A promise of `expect:` that came due: recorded, without consequence so far.
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
  std::optional<bool> met;  ///< nothing when before or after is unknown
};

/// A condition worth telling people about, at every evaluation while it lasts.
struct ActiveAlert {
  std::string policy;
  Subject subject;
  AlertSpec spec;
  Mode mode = Mode::shadow;
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

/// What must survive a restart of the supervisor, per policy and subject; kept in the ledger.
struct PolicyMemory {
  std::string policy;
  Subject subject;
  std::string policy_hash;
  BreakerState state = BreakerState::closed;
  int rung = 0;
  int restore_step = 0;  ///< of the first rung: how many of restore.steps are given back
  Duration hold{};
  int trips = 0;
  TimePoint changed{};  ///< when state or rung last changed
  TimePoint opened{};   ///< when it last opened or re-opened
  friend bool operator==(const PolicyMemory&, const PolicyMemory&) = default;
};

std::string_view to_text(BreakerState state);
std::optional<BreakerState> parse_breaker_state(std::string_view text);
std::string_view to_text(Step step);
/// Opened, climbed, re-opened: what budgets and effects count.
bool is_forward(Step step);
std::optional<Step> parse_step(std::string_view text);
std::string_view to_text(GateKind kind);
std::optional<GateKind> parse_gate_kind(std::string_view text);

}  // namespace homeostat
