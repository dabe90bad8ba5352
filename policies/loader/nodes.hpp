// SPDX-License-Identifier: Apache-2.0
// What servers are called and reached by, and the names of postgres.nodes.
#pragma once

#include <string>
#include <vector>

#include "policies/loader/keys.hpp"
#include "policies/loader/loader.hpp"

namespace homeostat::loader {

extern const Pattern kConfigName;  ///< of nodes, features, zones, processes
extern const Pattern kHost;

/// Whether `node`, the value of `key` at `place`, is one of `nodes`; otherwise it is reported. An
/// empty one was reported before.
bool is_one_of(const std::vector<std::string>& nodes, const std::string& node,
               const std::string& key, const Place& place, std::vector<Finding>& errors);

}  // namespace homeostat::loader
