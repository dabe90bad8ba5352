// SPDX-License-Identifier: Apache-2.0
// The Report as Prometheus metrics. To add one: fill it in metrics.cpp, in the function of its
// subject, with the name that operators would guess.
#pragma once

#include <optional>
#include <string>

#include "controller/api/process_usage.hpp"
#include "controller/loop/report.hpp"

namespace homeostat {

/// Content type of metrics_text().
inline constexpr const char* kMetricsContentType = "text/plain; version=0.0.4; charset=utf-8";

/// The exposition text, version 0.0.4. A signal is `homeostat_<signal>{subject}`; an absent one is
/// left out and named by `homeostat_signal_unknown{signal,subject,reason}`; an empty one (an idle
/// system) is left out only.
std::string metrics_text(const Report& report, const std::optional<ProcessUsage>& process);

}  // namespace homeostat
