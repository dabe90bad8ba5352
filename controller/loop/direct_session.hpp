// SPDX-License-Identifier: Apache-2.0
// A session that nobody lends out: what the lease, its advisory lock and SET ROLE need.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "controller/transport/pg_session.hpp"
#include "policies/model/error.hpp"

namespace homeostat {

/// `refused` when a connection pooler is in between, in whatever mode. Poolers answer a connect
/// with a process id of their own making (it is a key for cancel requests): it is not the one of
/// the server process that runs our statements. Nothing else of the session is used, so that a
/// pooler is left as it was. REQUIRES: `session` is connected.
[[nodiscard]] boost::asio::awaitable<Result<void>> require_direct(pg::Session& session,
                                                                  Duration deadline);

}  // namespace homeostat
