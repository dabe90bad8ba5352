// SPDX-License-Identifier: Apache-2.0
// What the loop says in the log: changes, once each; never a line for a quiet step.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "controller/loop/report.hpp"
#include "controller/ports/journal.hpp"
#include "policies/model/verdict.hpp"

namespace spdlog {
class logger;
}

namespace homeostat {

/// The newest verdict of each policy and subject.
using NewestVerdicts = std::map<std::pair<std::string, Subject>, Verdict>;

/// A line for each verdict that changed something; a lasting `blocked` or `unknown` is said once.
/// `before` holds the verdicts of earlier steps.
void log_verdicts(spdlog::logger& log, const std::vector<Verdict>& verdicts,
                  const NewestVerdicts& before);

/// A line when a probe fails, when it fails for another reason, and when it answers again.
/// `before`: the statuses of the step before, in the same order; empty at the first.
void log_probes(spdlog::logger& log, const std::vector<ProbeStatus>& now,
                const std::vector<ProbeStatus>& before);

/// A line when a lever notes something, and when it does so no more.
void log_notes(spdlog::logger& log, const std::vector<Note>& now, const std::vector<Note>& before);

/// A line for each act that was judged.
void log_effects(spdlog::logger& log, const std::vector<Effect>& effects);

/// A line for each step of canary gained or lost since `before`, and for the storm brake.
void log_progress(spdlog::logger& log, const Report& before,
                  const std::vector<CanaryStatus>& canaries, std::optional<TimePoint> braked);

/// A line for each act; renewals only when they failed.
void log_acts(spdlog::logger& log, const std::vector<ActRecord>& acts);

}  // namespace homeostat
