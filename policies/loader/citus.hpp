// SPDX-License-Identifier: Apache-2.0
// `citus` of `postgres`: the coordinator, how much each node should hold, and what may be where.
#pragma once

#include <string>
#include <vector>

#include "policies/loader/config.hpp"
#include "policies/loader/keys.hpp"
#include "policies/loader/loader.hpp"
#include "policies/loader/value.hpp"

namespace homeostat::loader {

/// The keys, for the table of keys.
Shape citus_shape();

/// `nodes`: the names in postgres.nodes. Whether tables and keys exist, only the cluster knows.
CitusConfig read_citus(const Value& value, const std::vector<std::string>& nodes,
                       std::vector<Finding>& errors);

}  // namespace homeostat::loader
