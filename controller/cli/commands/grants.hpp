// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace homeostat {

/// `homeostat grants --monitor | --actuator`: the SQL that a DBA reads and runs.
void add_grants_command(CLI::App& app, std::function<int()>& chosen);

}  // namespace homeostat
