// SPDX-License-Identifier: Apache-2.0
// One statement on the ledger's server, for commands that people give.
#pragma once

#include <string>
#include <vector>

#include "controller/cli/setup.hpp"
#include "controller/transport/pg_session.hpp"
#include "policies/model/error.hpp"

namespace homeostat {

/// Who asks, and where.
struct LedgerCaller {
  std::string config = kDefaultConfig;
  std::string user;           ///< empty: the login name, as psql has it
  std::string password_file;  ///< empty: none
};

/// Connects to the ledger's node and runs `sql`. Errors: what load_config found (its first one), a
/// missing `postgres.ledger`, a password file that others can read, and those of pg::Session.
Result<pg::Table> call_ledger(const LedgerCaller& caller, std::string sql,
                              std::vector<pg::Parameter> parameters);

}  // namespace homeostat
