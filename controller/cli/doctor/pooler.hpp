// SPDX-License-Identifier: Apache-2.0
// Is there a connection pooler between us and the server? Levers and lease need a session of their
// own; a pooler lends sessions out.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>

#include "controller/cli/doctor/finding.hpp"
#include "controller/cli/doctor/server_facts.hpp"
#include "controller/transport/pg_session.hpp"
#include "policies/model/error.hpp"
#include "policies/model/time.hpp"

namespace homeostat::doctor {

struct Pooler {
  std::string name;          ///< `PgBouncer`, or `a connection pooler`
  bool transaction = false;  ///< seen to lend one server session to two of ours: transaction mode
};

/// PgBouncer's answer to start-up options that it was not told to ignore.
bool refused_by_pgbouncer(const Error& error);

/// Nothing when `session` is direct. A pooler answers with process ids of its own making (they are
/// keys for cancel requests), so that the one told at the connect is not the server process that
/// runs the statements, `backend_pid`. Opens two more sessions when there is one, to learn which.
boost::asio::awaitable<std::optional<Pooler>> find_pooler(boost::asio::any_io_executor executor,
                                                          const pg::Session& session,
                                                          pg::Address address, int backend_pid,
                                                          Duration deadline);

/// Measuring through a pooler works, worse: a warning.
void judge_pooler_of_monitor(const std::optional<Pooler>& pooler, const ServerFacts& facts,
                             Findings& findings);

/// The lease through a pooler does not hold: a failure.
void judge_pooler_of_ledger(const std::optional<Pooler>& pooler, const ServerFacts& facts,
                            Findings& findings);

}  // namespace homeostat::doctor
