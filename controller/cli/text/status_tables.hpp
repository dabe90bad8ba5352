// SPDX-License-Identifier: Apache-2.0
// The tables of `homeostat status`, each with its heading as the first row. They take the JSON of
// /v1/status and throw nlohmann::json::exception when it is something else.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "controller/cli/text/table.hpp"

namespace homeostat::text {

/// Every signal, with its age and beside it each policy's threshold and how near it is.
std::vector<Row> signal_rows(const nlohmann::json& report);

/// Every policy and subject: state, rung, and what it did last and why.
std::vector<Row> policy_rows(const nlohmann::json& report);

/// Levers that stand away from their baseline, with their expiry.
std::vector<Row> lever_rows(const nlohmann::json& report);
std::vector<Row> refused_rows(const nlohmann::json& report);

/// Roles that have sessions older than their settings.
std::vector<Row> stale_rows(const nlohmann::json& report);
/// Policies in canary, or that wait for an acknowledgement.
std::vector<Row> canary_rows(const nlohmann::json& report);

/// What acting policies wanted and another one got.
std::vector<Row> overruled_rows(const nlohmann::json& report);
std::vector<Row> would_rows(const nlohmann::json& report);
std::vector<Row> alert_rows(const nlohmann::json& report);
std::vector<Row> probe_rows(const nlohmann::json& report);
std::vector<Row> note_rows(const nlohmann::json& report);

}  // namespace homeostat::text
