// SPDX-License-Identifier: Apache-2.0
// How an open journal stays within its age and its size.
#pragma once

#include <cstdint>

#include "controller/transport/sqlite.hpp"
#include "policies/model/error.hpp"
#include "policies/model/time.hpp"

namespace homeostat::journal {

/// Deletes what is older than `oldest`, and then what makes the file larger than `max_bytes`,
/// oldest first, a bounded number of rows a call; gives free pages back when that is worth it.
Result<void> drop_old(sqlite::Database& database, WallTime oldest, std::int64_t max_bytes);

}  // namespace homeostat::journal
