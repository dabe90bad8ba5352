// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace homeostat {

/// `homeostat check PATH…`: every error of policies and configuration at once; needs no network.
void add_check_command(CLI::App& app, std::function<int()>& chosen);

}  // namespace homeostat
