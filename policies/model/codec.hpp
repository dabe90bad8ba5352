// SPDX-License-Identifier: Apache-2.0
// JSON of the plain values: the one codec of each type, used by journal, ledger, API and replay.
// Names in JSON are the member names; durations and times are integers in microseconds with the
// suffix `_us`; enums are their to_text names; absent optionals are left out.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "policies/model/error.hpp"
#include "policies/model/lever.hpp"
#include "policies/model/policy.hpp"
#include "policies/model/snapshot.hpp"
#include "policies/model/verdict.hpp"

namespace homeostat {

nlohmann::json to_json(const LeverValue& value);
Result<LeverValue> lever_value_from_json(const nlohmann::json& json);

nlohmann::json to_json(const Sample& sample);
Result<Sample> sample_from_json(const nlohmann::json& json);

nlohmann::json to_json(const Verdict& verdict);
Result<Verdict> verdict_from_json(const nlohmann::json& json);

nlohmann::json to_json(const Effect& effect);
Result<Effect> effect_from_json(const nlohmann::json& json);

nlohmann::json to_json(const DesiredLever& desired);

nlohmann::json to_json(const PolicyMemory& memory);
Result<PolicyMemory> policy_memory_from_json(const nlohmann::json& json);

/// Of what is known of a job on a target, without that.
nlohmann::json to_json(const JobProgress& progress);
Result<JobProgress> job_progress_from_json(const nlohmann::json& json);

nlohmann::json to_json(const NotStarted& waits);
Result<NotStarted> not_started_from_json(const nlohmann::json& json);

nlohmann::json to_json(const JobStatus& status);
Result<JobStatus> job_status_from_json(const nlohmann::json& json);

nlohmann::json to_json(const JobMemory& memory);
Result<JobMemory> job_memory_from_json(const nlohmann::json& json);

nlohmann::json to_json(const Job& job);

nlohmann::json to_json(const RegulatedValue& value);
Result<RegulatedValue> regulated_value_from_json(const nlohmann::json& json);

nlohmann::json to_json(const MovedBytes& moved);
Result<MovedBytes> moved_bytes_from_json(const nlohmann::json& json);

nlohmann::json to_json(const ForwardAct& act);
Result<ForwardAct> forward_act_from_json(const nlohmann::json& json);

/// Of a whole policy with every default filled in: /v1/policies, `check --resolved`.
nlohmann::json to_json(const Policy& policy);

}  // namespace homeostat
