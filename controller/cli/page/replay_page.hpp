// SPDX-License-Identifier: Apache-2.0
// `homeostat replay --html`: what policies would have decided about a recording, drawn. Pure.
#pragma once

#include <string>
#include <vector>

#include "controller/cli/replay_trace.hpp"
#include "controller/simulator/backtest.hpp"

namespace homeostat::page {

struct ReplayPage {
  std::string recording;              ///< its name
  std::string other;                  ///< what the second side is called; empty: none
  std::vector<std::string> exceeded;  ///< limits of --fail-on, each with what was found
  int limit = 50;                     ///< of actions
};

std::string replay_page(const ReplayPage& page, const Backtest& backtest, const PolicySet& policies,
                        const ReplayTrace& trace);

}  // namespace homeostat::page
