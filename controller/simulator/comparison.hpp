// SPDX-License-Identifier: Apache-2.0
// Two lists of actions over the same time, laid side by side.
#pragma once

#include <optional>
#include <vector>

#include "controller/simulator/account.hpp"

namespace homeostat {

/// The same action (policy, subject, step, rung, harm) in both lists, perhaps at another time, or
/// one that only one of them has. REQUIRES of a reader: at least one side is there.
struct PairedAction {
  std::optional<Action> one;
  std::optional<Action> other;

  const Action& any() const { return one ? *one : *other; }
  bool differs() const { return !one || !other || one->wall != other->wall; }
};

/// In order of time. Actions are paired as they come, no further apart than `within`.
std::vector<PairedAction> compare(const std::vector<Action>& one, const std::vector<Action>& other,
                                  Duration within);

}  // namespace homeostat
