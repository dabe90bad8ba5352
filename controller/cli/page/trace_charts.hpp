// SPDX-License-Identifier: Apache-2.0
// All charts of a trace: signals with the thresholds of the policies, what policies summed up and
// came to, and the plant's inside. Pure.
#pragma once

#include <string>

#include "controller/cli/page/frame.hpp"
#include "controller/simulator/trace.hpp"

namespace homeostat::page {

/// `policies`: whose thresholds are drawn.
std::string trace_charts(const Trace& trace, const PolicySet& policies, Times times);

/// The actions in it as a table behind a fold; empty without any.
std::string action_list(const Trace& trace, Times times);

}  // namespace homeostat::page
