// SPDX-License-Identifier: Apache-2.0
// JSON of what a step knew of jobs.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "controller/ports/journal.hpp"

namespace homeostat {

/// Whether there is anything to write.
bool knows_of_jobs(const JournalStep& step);

nlohmann::json jobs_to_json(const JournalStep& step);

/// The inverse, into `step`. Error `protocol` for what jobs_to_json() cannot have written.
Result<void> jobs_from_json(const nlohmann::json& json, JournalStep& step);

}  // namespace homeostat
