// SPDX-License-Identifier: Apache-2.0
// How many events a producer makes, and when: `100/s for 20s, 1000/s for 20s bursts of 500`.
#pragma once

#include <string_view>
#include <vector>

namespace melodyud {

class RateProfile {
 public:
  /// Steps with commas between them: `RATE/s for SECONDSs`, and `bursts of N` where events come N
  /// at a time. Throws std::invalid_argument, which names the step that is wrong.
  explicit RateProfile(std::string_view text);

  /// How many events are due this long after the start; the same for ever after the last step.
  double events_by(double seconds) const;

  double seconds() const;  ///< of all steps together

 private:
  struct Step {
    double per_second = 0;
    double seconds = 0;
    double burst = 0;  ///< 0: evenly
  };
  static Step parse_step(std::string_view text);

  std::vector<Step> steps_;
};

}  // namespace melodyud
