// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace homeostat {

/// `homeostat migrate`: brings the schema of the ledger's home to this binary's version, or prints
/// what it would run.
void add_migrate_command(CLI::App& app, std::function<int()>& chosen);

}  // namespace homeostat
