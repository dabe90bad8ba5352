// SPDX-License-Identifier: Apache-2.0
// `sessions` of the inventory: whose sessions the lever `end_session` may end.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "policies/loader/config.hpp"
#include "policies/loader/keys.hpp"
#include "policies/loader/loader.hpp"
#include "policies/loader/value.hpp"

namespace homeostat::loader {

/// The key `sessions`, for the table of keys. Its limits are those of homeostat.session_limit in
/// the database, which has the last word (a test compares the two).
Key sessions_key();

/// `own_roles`: Homeostat's, whose sessions are never ended. A role belongs to one entry.
std::vector<SessionsConfig> read_sessions(const Value& inventory,
                                          const std::set<std::string>& own_roles,
                                          std::vector<Finding>& errors);

}  // namespace homeostat::loader
