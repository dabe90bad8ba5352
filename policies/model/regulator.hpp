// SPDX-License-Identifier: Apache-2.0
// What makes a policy a regulator: how the value of its lever is found, and how far it may go.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "policies/model/formula.hpp"
#include "policies/model/time.hpp"

namespace homeostat {

/// Where a lever may stand, in base units of the argument that is regulated (a duration in
/// seconds).
struct Bounds {
  double min = 0;
  double max = 0;
  double dead_band = 0;            ///< share of the value that stands: smaller moves are not made
  std::optional<double> max_step;  ///< the most that one evaluation moves it
  friend bool operator==(const Bounds&, const Bounds&) = default;
};

/// Additive increase, multiplicative decrease (Chiu & Jain 1989), steered by the policy's only
/// condition: while that is true the value is cut to a share of itself, while it is clear the value
/// grows by a share of bounds.max, between the two it holds.
struct Aimd {
  double cut = 0.7;
  double grow = 0.05;
  Duration every = std::chrono::seconds{3};  ///< between two cuts, and before each growth
  friend bool operator==(const Aimd&, const Aimd&) = default;
};

struct Regulator {
  std::string argument;  ///< of the lever in the policy's only act: what is computed
  Bounds bounds;
  /// The end of the bounds nearest to the lever's baseline: where it starts, and the way that no
  /// bar forbids.
  double baseline = 0;
  std::optional<Formula> to;  ///< either this
  std::optional<Aimd> aimd;   ///< or that
  friend bool operator==(const Regulator&, const Regulator&) = default;
};

}  // namespace homeostat
