// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace homeostat {

/// `homeostat history`: what policies decided, what was done to levers, and what came of it.
void add_history_command(CLI::App& app, std::function<int()>& chosen);

}  // namespace homeostat
