// SPDX-License-Identifier: Apache-2.0
// Can we get in, and is the way private? Pure: judges what a connection attempt came to.
#pragma once

#include <string>

#include "controller/cli/doctor/finding.hpp"
#include "controller/transport/pg_session.hpp"

namespace homeostat::doctor {

/// Who logs in, for the advice.
struct Login {
  pg::Address address;
  std::string grants;  ///< what creates the role: `homeostat grants --monitor`
  std::string why;     ///< what does not work without this connection
  /// The node that the role comes from, where that is another one: a worker of Citus has its roles
  /// and their passwords from its coordinator.
  std::string roles_from = {};
};

/// `, on node head, …`, for the end of an advice about roles; empty when they are the node's own.
std::string where_roles_are(const Login& login);

/// Fails check `connection` (or `pooler`, when it is PgBouncer that refuses).
void judge_refusal(const Login& login, const Error& error, Findings& findings);

/// Warns of TCP to another machine without a verified certificate.
void judge_encryption(const pg::Address& address, Findings& findings);

/// `db1:5432`; the directory of a Unix socket as it is.
std::string place_of(const pg::Address& address);

}  // namespace homeostat::doctor
