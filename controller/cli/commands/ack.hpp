// SPDX-License-Identifier: Apache-2.0
// homeostat ack: somebody has looked at what stopped by itself.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace homeostat {

void add_ack_command(CLI::App& app, std::function<int()>& chosen);

}  // namespace homeostat
