// SPDX-License-Identifier: Apache-2.0
// `homeostat simulate`: policies against the plants of the simulator.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace homeostat {

void add_simulate_command(CLI::App& app, std::function<int()>& chosen);

}  // namespace homeostat
