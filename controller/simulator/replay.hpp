// SPDX-License-Identifier: Apache-2.0
// Decides anew about samples that were recorded, with the very decide() of the daemon.
#pragma once

#include "controller/ports/journal.hpp"
#include "policies/engine/decide.hpp"

namespace homeostat {

/// One policy set over the steps of a journal, fed oldest first. With the policies that were
/// recorded it comes to the same verdicts, byte for byte, from a step with a basis on. With others
/// it says what those would have decided about the same samples; what the recorded acts did to the
/// samples stays in them.
class Replay {
 public:
  explicit Replay(PolicySet policies);

  /// `begins`: the step is the first of another start of the daemon than the one before it.
  /// Nothing when the daemon decided nothing in this step.
  std::optional<Decision> step(const JournalStep& step, bool begins);

 private:
  PolicySet policies_;
  EngineState state_;
};

}  // namespace homeostat
