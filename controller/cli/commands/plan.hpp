// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace homeostat {

void add_plan_command(CLI::App& app, std::function<int()>& chosen);

}  // namespace homeostat
