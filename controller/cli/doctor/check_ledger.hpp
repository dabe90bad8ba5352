// SPDX-License-Identifier: Apache-2.0
// The ledger's side: is it the server that is measured, is the schema there, may the actuator do
// what it has to, and give back; who leads.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "controller/cli/doctor/finding.hpp"
#include "controller/cli/doctor/server_facts.hpp"
#include "controller/transport/pg_session.hpp"
#include "policies/loader/config.hpp"

namespace homeostat::doctor {

/// Monitor and actuator must reach one server: a clone differs in the moment it was started (H53).
void judge_same_server(const ServerFacts& monitor, const ServerFacts& actuator, Findings& findings);

/// A ledger cannot be written on a standby.
void judge_primary(const ServerFacts& facts, Findings& findings);

/// Commits must not wait for a standby that may be gone (H62).
void judge_commit(const ServerFacts& facts, Findings& findings);

/// Schema, privileges, lease, features and profiles. REQUIRES: `session` is the actuator's and
/// connected.
boost::asio::awaitable<void> check_schema(pg::Session& session, const ServerFacts& facts,
                                          const Config& config, Duration deadline,
                                          Findings& findings);

}  // namespace homeostat::doctor
