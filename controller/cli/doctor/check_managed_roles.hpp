// SPDX-License-Identifier: Apache-2.0
// The roles behind each planner profile and each entry of `sessions`: whether the levers could act
// on them.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "controller/cli/doctor/finding.hpp"
#include "controller/cli/doctor/server_facts.hpp"
#include "controller/transport/pg_session.hpp"
#include "policies/loader/config.hpp"

namespace homeostat::doctor {

/// Asks the schema itself, as the levers do before each act. REQUIRES: `session` is the actuator's
/// and connected, and the schema is there.
boost::asio::awaitable<void> check_managed_roles(pg::Session& session, const ServerFacts& facts,
                                                 const Config& config, Duration deadline,
                                                 Findings& findings);

}  // namespace homeostat::doctor
