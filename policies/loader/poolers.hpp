// SPDX-License-Identifier: Apache-2.0
// `pgbouncer` of a zone: the processes whose pools the lever `admission` holds small.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "policies/loader/config.hpp"
#include "policies/loader/keys.hpp"
#include "policies/loader/loader.hpp"
#include "policies/loader/value.hpp"

namespace homeostat::loader {

/// The key `pgbouncer`, for the table of keys.
Key pgbouncer_key();

/// Reads a key with a file's name from a record, and reports what is wrong with that file.
using ReadFile = std::function<void(std::string& target, const Value& record, const char* key)>;

/// `database`: the one of the zone's node. The caller keeps the order of zones, for a process
/// belongs to one zone: see one_zone_each().
std::vector<PoolerConfig> read_poolers(const Value& zone, const std::string& database,
                                       const ReadFile& read_secret, const ReadFile& read_file);

/// Refuses names and consoles that are there twice, in one zone or in several: a process has one
/// size for all that goes through it. `zones` as written in `inventory`, `read` as they were read.
void one_zone_each(const Value& zones, const std::vector<ZoneConfig>& read,
                   std::vector<Finding>& errors);

}  // namespace homeostat::loader
