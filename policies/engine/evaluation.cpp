// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/evaluation.hpp"

#include "policies/engine/timers.hpp"

namespace homeostat {

void add_gate(Verdict& verdict, GateKind kind, int arm, double value, double threshold,
              double margin) {
  add_gate(verdict, kind, arm, value, threshold, margin, margin >= 0);
}

void add_gate(Verdict& verdict, GateKind kind, int arm, double value, double threshold,
              double margin, bool passed) {
  verdict.gates.push_back(Gate{kind, arm, value, threshold, margin, passed});
}

bool add_time_gate(Evaluation& evaluation, GateKind kind, int arm, Duration elapsed,
                   Duration required) {
  elapsed = on_grid(elapsed, evaluation.set.settings.sample_every);
  const double margin = to_seconds(elapsed - required);
  add_gate(evaluation.verdict, kind, arm, to_seconds(elapsed), to_seconds(required), margin);
  return margin >= 0;
}

}  // namespace homeostat
