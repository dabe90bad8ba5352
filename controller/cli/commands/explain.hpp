// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace homeostat {

/// `homeostat explain POLICY`: what an evaluation measured, each gate with its margin, and why it
/// did or did not act.
void add_explain_command(CLI::App& app, std::function<int()>& chosen);

}  // namespace homeostat
