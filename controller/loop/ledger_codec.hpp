// SPDX-License-Identifier: Apache-2.0
// Between the ledger's tables and plain values. Times travel as ages in microseconds, so that no
// clock of ours is stored and none of the database's is trusted here.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "controller/ports/ledger.hpp"
#include "controller/transport/pg_session.hpp"
#include "policies/loader/config.hpp"

namespace homeostat {

/// A row of sql/queries/ledger_levers.sql.
Result<LedgerRow> ledger_row(const pg::Table& table, int row);

/// A row of sql/queries/ledger_states.sql. `now` places the ages on the caller's monotonic line.
Result<PolicyMemory> policy_memory(const pg::Table& table, int row, TimePoint now);

/// A row of sql/queries/ledger_forward.sql.
Result<ForwardAct> forward_act(const pg::Table& table, int row, TimePoint now);

/// A row of sql/queries/ledger_moved.sql.
Result<MovedBytes> moved_bytes(const pg::Table& table, int row, TimePoint now);

/// A row of sql/queries/pauses.sql.
Pause pause(const pg::Table& table, int row);

/// A row of sql/queries/acks.sql.
Ack ack(const pg::Table& table, int row);

/// What sql/queries/feature_register.sql takes.
nlohmann::json features_json(const std::vector<FeatureConfig>& features);

/// What homeostat.register_counters() takes: those of all zones.
nlohmann::json counters_json(const std::vector<ZoneConfig>& zones);

/// What homeostat.register_profiles() takes.
nlohmann::json profiles_json(const std::vector<ProfileConfig>& profiles);

/// What homeostat.register_sessions() takes.
nlohmann::json sessions_json(const std::vector<SessionsConfig>& sessions, int per_hour);

/// What homeostat.state_keep() takes.
nlohmann::json memories_json(const std::vector<PolicyMemory>& memories, TimePoint now);
nlohmann::json moved_json(const std::vector<MovedBytes>& moved, TimePoint now);

/// JSON as a statement's parameter. Never throws: bytes that are no UTF-8 are replaced.
std::string to_parameter(const nlohmann::json& json);

}  // namespace homeostat
