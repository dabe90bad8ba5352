// SPDX-License-Identifier: Apache-2.0
// The figures of a simulation as cells of tables. Pure.
#pragma once

#include <string>
#include <vector>

#include "controller/cli/text/table.hpp"
#include "controller/simulator/findings.hpp"
#include "controller/simulator/score.hpp"

namespace homeostat::text {

/// Of a policy: the heads of the columns, and its figures. The name is not among them.
Row score_head();
Row score_cells(const PolicyScore& score, Duration simulated);

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
