// SPDX-License-Identifier: Apache-2.0
// Follows one policy through a simulation and holds it against the incidents.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controller/simulator/job_watch.hpp"
#include "controller/simulator/score.hpp"
#include "policies/model/policy.hpp"
#include "policies/model/subject.hpp"
#include "policies/model/verdict.hpp"

namespace homeostat {

/// A breaker acts while a rung is taken, an alert while it fires, AIMD while its lever stands below
/// the baseline. A regulator's formula always acts: it detects nothing, and is watched for swings.
/// Nor does a job, which waits for its time: its runs are counted.
class PolicyWatch {
 public:
  explicit PolicyWatch(const Policy& policy);

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

  /// What to say of an oscillation with this period in seconds.
  std::string limit_cycle(double period) const;

 private:
  /// Of a lever's value: up and down again by at least a factor of two.
  struct Swing {
    std::optional<double> low = {};
    std::optional<double> high = {};
    bool falling = false;
  };
  void see_value(const Verdict& verdict);
  bool acting() const { return taken_ > 0; }
  void opened(const Subject& subject, TimePoint at);
  void find_period();

  PolicyKind kind_;
  bool by_formula_;
  bool detects_;         ///< is held against incidents
  JobWatch job_;         ///< of kind job
  double baseline_ = 0;  ///< of AIMD
  PolicyScore score_;
  std::map<Subject, bool> subjects_;
  std::map<Subject, Swing> swings_;
  int taken_ = 0;  ///< subjects with a rung taken
  std::optional<TimePoint> began_;
  std::optional<TimePoint> ended_;
  bool detected_ = false;
  std::set<Subject> opened_;  ///< since the newest incident began: one may hit several
  /// After a full close; of a formula: where the value began to rise again. Since conditions
  /// changed.
  std::vector<TimePoint> openings_;
  bool closed_between_ = true;
};

}  // namespace homeostat
