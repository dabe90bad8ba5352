// SPDX-License-Identifier: Apache-2.0
// What `homeostat grants` prints, and what a version of PostgreSQL understands by a membership.
// Link sql (comes with controller_loop).
#pragma once

#include <string>

#include "sql/embedded.hpp"
#include "tests/support/postgres_cluster.hpp"

namespace homeostat::testing {

/// Every role of ours, for the superuser of a test's server.
inline std::string grants() {
  return std::string{sql::monitor_role} + std::string{sql::actuator_roles};
}

/// From 16 on each membership inherits, or does not; before, it was the member's attribute.
inline bool memberships_inherit(const PostgresCluster& cluster) { return cluster.version() >= 16; }

/// What a GRANT needs at its end, so that it gives what it says to a member that inherits nothing.
inline std::string inherited(const PostgresCluster& cluster) {
  return memberships_inherit(cluster) ? " WITH INHERIT TRUE" : "";
}

/// Leaves `member` one of `role`, without its privileges.
inline void inherit_nothing(const PostgresCluster& cluster, const std::string& member,
                            const std::string& role) {
  cluster.sql("GRANT " + role + " TO " + member);
  cluster.sql(memberships_inherit(cluster)
                  ? "GRANT " + role + " TO " + member + " WITH INHERIT FALSE"
                  : "ALTER ROLE " + member + " NOINHERIT");
}

}  // namespace homeostat::testing
