// SPDX-License-Identifier: Apache-2.0
// JSON of an act, as the journal keeps it and /v1/acts answers it. Same rules as
// policies/model/codec.hpp.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "controller/ports/journal.hpp"
#include "policies/model/error.hpp"

namespace homeostat {

nlohmann::json to_json(const ActRecord& act);
Result<ActRecord> act_from_json(const nlohmann::json& json);

}  // namespace homeostat
