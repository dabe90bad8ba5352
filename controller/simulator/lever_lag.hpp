// SPDX-License-Identifier: Apache-2.0
// Between what is desired and what stands: the time that it takes to get there.
#pragma once

#include <deque>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "controller/simulator/levers_in_force.hpp"
#include "policies/model/time.hpp"

namespace homeostat {

/// Delivers what was desired after a fixed lag, in order. Nothing fails: that is the chaos tests'.
class LeverLag {
 public:
  explicit LeverLag(Duration lag) : lag_(lag) {}

  /// What decide() wants to stand, complete. Levers of a name that is `held` are set if they were
  /// not, and otherwise stay where they were commanded, as the daemon's reconciler leaves them.
  void command(const std::vector<DesiredLever>& desired,
               const std::set<std::string, std::less<>>& held, TimePoint now);

  const LeversInForce& commanded() const { return commanded_; }

  /// What stands at `now`. The reference holds until the next call.
  const LeversInForce& at(TimePoint now);

 private:
  struct Command {
    TimePoint due;
    LeversInForce levers;
  };
  Duration lag_;
  LeversInForce commanded_;
  LeversInForce standing_;
  std::deque<Command> under_way_;
};

}  // namespace homeostat
