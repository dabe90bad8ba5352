// SPDX-License-Identifier: Apache-2.0
// Follows the runs of one job through a simulation.
#pragma once

#include <map>
#include <optional>

#include "controller/simulator/score.hpp"
#include "policies/model/subject.hpp"
#include "policies/model/verdict.hpp"

namespace homeostat {

class JobWatch {
 public:
  /// Each verdict of the policy, then one second of time.
  void see(const Verdict& verdict);
  void pass(Duration step);

  /// After the last step.
  JobScore finish();

 private:
  struct Run {
    std::optional<TimePoint> started;  ///< nothing: none is under way or stopped
    bool running = false;
    double bytes = 0;  ///< moved so far
  };
  void end(Run& run, Elapsed balanced);

  std::map<Subject, Run> runs_;
  JobScore score_;
};

}  // namespace homeostat
