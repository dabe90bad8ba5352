// SPDX-License-Identifier: Apache-2.0
// libpq's errors as Error values. Internal to the PostgreSQL session.
#pragma once

#include <libpq-fe.h>

#include <string>
#include <string_view>

#include "policies/model/error.hpp"

namespace homeostat::pg {

/// What a SQLSTATE means to us; Session::query documents the mapping.
ErrorCode code_of_sqlstate(std::string_view sqlstate);

/// Of a result with status PGRES_FATAL_ERROR: the server's primary message and its SQLSTATE.
Error error_of(const PGresult* result);

/// Of a connection attempt that failed. REQUIRES: error verbosity PQERRORS_VERBOSE, for libpq
/// hands out no SQLSTATE here except inside the text.
Error connect_error(const PGconn* connection);

/// First line of libpq's last message, for a connection that broke.
std::string first_line(const PGconn* connection);

}  // namespace homeostat::pg
