// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace homeostat {

/// `homeostat replay`: what a policy set would have decided about what a journal recorded.
void add_replay_command(CLI::App& app, std::function<int()>& chosen);

}  // namespace homeostat
