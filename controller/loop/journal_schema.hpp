// SPDX-License-Identifier: Apache-2.0
// The tables of the journal. Every table has `wall` (microseconds since 1970), by which rows are
// found and by which they grow old.
#pragma once

#include "controller/transport/sqlite.hpp"
#include "policies/model/error.hpp"

namespace homeostat::journal {

/// Error `storage` when the database is not a journal, or one of another version of the tables.
Result<void> check_schema(sqlite::Database& database);

/// The same, except that a database without any table is none of that.
Result<void> check_unless_empty(sqlite::Database& database);

/// Creates the tables in a database without any. REQUIRES: auto_vacuum is set.
Result<void> create_if_empty(sqlite::Database& database);

}  // namespace homeostat::journal
