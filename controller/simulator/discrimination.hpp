// SPDX-License-Identifier: Apache-2.0
// Invariant 1, measured: whether a policy's levels stand far enough from what is normal.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controller/simulator/findings.hpp"
#include "policies/model/policy.hpp"
#include "policies/model/verdict.hpp"

namespace homeostat {

/// What each arm judged while nothing was wrong and the policy was closed: its mean (baseline) and
/// standard deviation. A level within three of them trips by chance; a clear level within one of
/// the open level flaps by chance.
class Discrimination {
 public:
  explicit Discrimination(const PolicySet& policies);

  /// Every evaluation, `quiet` while nothing goes wrong. Those between the regular ones, which
  /// policies make while they are armed, would tell of the worse moments only, and are left aside.
  void see(const Verdict& verdict, bool quiet);

  std::vector<InvariantFinding> findings() const;

 private:
  struct Level {
    double open = 0;
    double clear = 0;
    bool below = false;
  };
  struct Seen {
    double count = 0;
    double mean = 0;
    double squares = 0;  ///< of the distances from the mean (Welford 1962)
  };
  using Key = std::pair<std::string, std::size_t>;  ///< policy, arm

  struct Regular {
    Duration every{};
    std::optional<TimePoint> first = {};
  };
  std::map<std::string, Regular> regular_;
  std::map<Key, Level> levels_;
  std::map<Key, Seen> seen_;
};

}  // namespace homeostat
