// SPDX-License-Identifier: Apache-2.0
// Brings the `homeostat` schema of a database to the version this binary knows.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "controller/transport/pg_session.hpp"
#include "policies/model/error.hpp"

namespace homeostat {

struct MigrationReport {
  int version = 0;                   ///< of the schema now
  std::vector<std::string> applied;  ///< names of the migrations this run applied, in order
};

/// Applies the migrations that are missing, each in its own transaction, one run at a time (an
/// advisory lock). `session` must be allowed to become homeostat_owner: that role itself, or a
/// superuser. Every statement ends by `deadline`. Refuses, having changed nothing, when an applied
/// migration is not the one this binary carries, or when the schema is newer than it.
[[nodiscard]] boost::asio::awaitable<Result<MigrationReport>> migrate(pg::Session& session,
                                                                      Duration deadline);

/// The newest migration this binary knows.
int known_schema_version();

/// Everything migrate() would run on a database without the schema's tables, for psql.
std::string migration_script();

/// sql/planner_role.sql for these roles. REQUIRES: names as the configuration has them, without
/// quotes.
std::string planner_roles_script(const std::vector<std::string>& roles);

/// The same of sql/session_role.sql.
std::string session_roles_script(const std::vector<std::string>& roles);

/// The same of sql/citus_role.sql: the owner of the distributed tables.
std::string citus_roles_script(const std::vector<std::string>& roles);

/// The same of sql/consumer_role.sql.
std::string consumer_roles_script(const std::vector<std::string>& roles);

}  // namespace homeostat
