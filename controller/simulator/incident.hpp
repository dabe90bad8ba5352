// SPDX-License-Identifier: Apache-2.0
// What goes wrong in a scenario, and when.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controller/simulator/random.hpp"
#include "policies/model/time.hpp"

namespace homeostat {

/// What a scenario says: at a fixed time, or at random times.
struct IncidentRule {
  std::optional<Duration> at;  ///< from the beginning of the run; nothing: at random
  double per_day = 0;          ///< of random ones: how many on average
  Duration shortest{};
  Duration longest{};     ///< the length is uniform between the two
  double level = 0;       ///< how bad, in the plant's own terms (its README says which)
  std::string kind;       ///< what it is, of those that the plant knows; empty: its usual one
  bool harmless = false;  ///< a policy that acts on it is wrong: a blip
  friend bool operator==(const IncidentRule&, const IncidentRule&) = default;
};

/// One that happens.
struct Incident {
  TimePoint begin{};
  TimePoint end{};
  double level = 0;
  std::string kind;
  bool harmless = false;
};

/// All incidents of one run, by their beginning. Those that are no blips never touch each other:
/// what was still missed of one would be taken for the detection of the next.
std::vector<Incident> schedule(const std::vector<IncidentRule>& rules, Duration run,
                               Random& random);

}  // namespace homeostat
