// SPDX-License-Identifier: Apache-2.0
// Follows one policy through a simulation and holds it against the incidents.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "controller/simulator/score.hpp"
#include "policies/model/subject.hpp"
#include "policies/model/verdict.hpp"

namespace homeostat {

class PolicyWatch {
 public:
  /// An incident that policies should notice begins or ends; at most one is on at a time.
  void incident_begins(TimePoint now);
  void incident_ends(TimePoint now);

  /// What goes wrong is another than before (blips too): what repeats itself from here on repeats
  /// itself under the same conditions.
  void conditions_change();

  /// Each verdict of the policy, then one second of time.
  void see(const Verdict& verdict);
  void pass(Duration step);

  /// After the last step. Openings, flaps and time degraded are Account's.
  PolicyScore finish(TimePoint now);

 private:
  bool acting() const { return taken_ > 0; }
  void opened(TimePoint at);
  void find_period();

  PolicyScore score_;
  std::map<Subject, bool> subjects_;
  int taken_ = 0;  ///< subjects with a rung taken
  std::optional<TimePoint> began_;
  std::optional<TimePoint> ended_;
  bool detected_ = false;
  std::vector<TimePoint> openings_;  ///< after a full close, since conditions changed
  bool closed_between_ = true;
};

}  // namespace homeostat
