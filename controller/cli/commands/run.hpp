// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace homeostat {

/// `homeostat run --config FILE`: the daemon, in the foreground.
void add_run_command(CLI::App& app, std::function<int()>& chosen);

}  // namespace homeostat
