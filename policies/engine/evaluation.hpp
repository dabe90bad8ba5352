// SPDX-License-Identifier: Apache-2.0
// One evaluation of one policy about one subject, while it is being made. Internal to the engine.
#pragma once

#include <optional>
#include <vector>

#include "policies/engine/reading.hpp"
#include "policies/engine/state.hpp"
#include "policies/model/policy.hpp"
#include "policies/model/verdict.hpp"

namespace homeostat {

/// Kleene's three values: an absent signal makes a condition unknown, neither true nor false.
enum class Truth { no, yes, unknown };

/// What an arm says at one step.
struct ArmView {
  SignalReading reading;
  std::optional<double> judged;    ///< value, EWMA or what was folded; nothing when absent or empty
  std::optional<double> backstop;  ///< mean of r, once it is known
  Truth truth = Truth::unknown;
  bool clear = false;
  std::optional<double> rise = {};  ///< of a trend, once it is known
};

struct Evaluation {
  const PolicySet& set;
  const Policy& policy;
  PolicyRuntime& runtime;
  TimePoint now;
  bool rebalance = false;  ///< one really runs (interlocks.hpp)
  std::vector<ArmView> arms = {};
  Truth condition = Truth::unknown;
  Verdict verdict = {};
};

/// A gate that passes when `margin` >= 0.
void add_gate(Verdict& verdict, GateKind kind, int arm, double value, double threshold,
              double margin);

/// The same when equality is not enough (`above` and `below` are strict).
void add_gate(Verdict& verdict, GateKind kind, int arm, double value, double threshold,
              double margin, bool passed);

/// A gate of elapsed against required time, in seconds; true when it passes.
bool add_time_gate(Evaluation& evaluation, GateKind kind, int arm, Duration elapsed,
                   Duration required);

}  // namespace homeostat
