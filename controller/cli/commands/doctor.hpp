// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace homeostat {

/// `homeostat doctor`: what is missing between this configuration and a daemon that works, and how
/// to give it. Changes nothing.
void add_doctor_command(CLI::App& app, std::function<int()>& chosen);

}  // namespace homeostat
