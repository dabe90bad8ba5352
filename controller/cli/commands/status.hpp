// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace homeostat {

/// `homeostat status`: what the daemon sees, thinks and holds, at a glance.
void add_status_command(CLI::App& app, std::function<int()>& chosen);

}  // namespace homeostat
