// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace homeostat {

/// `homeostat schema policy|config`: JSON Schema for editors, from the loader's own table of keys.
void add_schema_command(CLI::App& app, std::function<int()>& chosen);

}  // namespace homeostat
