// SPDX-License-Identifier: Apache-2.0
// JSON of what a step is decided on, as the journal keeps it. Same rules as
// policies/model/codec.hpp.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "controller/ports/journal.hpp"
#include "policies/model/error.hpp"

namespace homeostat {

nlohmann::json to_json(const Basis& basis);
Result<Basis> basis_from_json(const nlohmann::json& json);

}  // namespace homeostat
