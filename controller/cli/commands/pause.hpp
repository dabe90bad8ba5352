// SPDX-License-Identifier: Apache-2.0
// `homeostat pause` and `homeostat resume`.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace homeostat {

void add_pause_commands(CLI::App& app, std::function<int()>& chosen);

}  // namespace homeostat
