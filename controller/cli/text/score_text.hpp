// SPDX-License-Identifier: Apache-2.0
// The figures of a simulation as cells of tables. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "controller/cli/text/table.hpp"
#include "controller/simulator/findings.hpp"
#include "controller/simulator/score.hpp"

namespace homeostat::text {

/// Of a policy: the heads of the columns, and its figures; those that mean nothing of its kind are
/// a dash. The name is not among them. `jobs`: with the columns of jobs.
Row score_head(bool jobs);
Row score_cells(const PolicyScore& score, Duration simulated, bool jobs);

/// Whether a job is among them.
bool has_jobs(const std::map<std::string, PolicyScore>& policies);

/// Of the plant: median and worst of each time.
Row service_head();
Row service_cells(const ServiceScore& score);

double minutes_degraded_per_day(const PolicyScore& score, Duration simulated);

/// The time below which a share of all lies: `never` when that one never came, `-` without any.
std::string of_times(const std::vector<Elapsed>& times, double share_of_all);

/// `FAILED` or `warning`.
const char* word(Severity severity);

/// Without a line's end.
std::string finding_text(const InvariantFinding& finding);

}  // namespace homeostat::text
