// SPDX-License-Identifier: Apache-2.0
// `homeostat history`: what policies decided, what was done to levers and what came of it. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "controller/ports/history.hpp"

namespace homeostat::text {

/// What was found, each newest first, as History answers.
struct Past {
  std::vector<RecordedVerdict> verdicts;
  std::vector<RecordedAct> acts;
  std::vector<RecordedEffect> effects;
};

struct Lines {
  std::string text;
  std::size_t left_out = 0;  ///< older lines than the newest `limit`
};

/// One line each, oldest first; the newest `limit` lines. Verdicts of a policy and subject that
/// only repeat the one before are one line with their number, and so are renewals.
Lines history(const Past& past, int limit);

}  // namespace homeostat::text
