// SPDX-License-Identifier: Apache-2.0
// `counters` of a zone: what the application spreads over more rows while the zone is limited.
#pragma once

#include <vector>

#include "policies/loader/config.hpp"
#include "policies/loader/keys.hpp"
#include "policies/loader/loader.hpp"
#include "policies/loader/value.hpp"

namespace homeostat::loader {

/// The key `counters`, for the table of keys.
Key counters_key();

/// Of one zone; `hold` is divided by `speed_up`. Reports what contradicts itself.
std::vector<CounterConfig> read_counters(const Value& zone, int speed_up,
                                         std::vector<Finding>& errors);

/// Refuses names that are there twice, in one zone or in several: homeostat.counter_slots() is
/// asked by the name alone. `zones` as written in `inventory`, `read` as they were read.
void one_counter_each(const Value& zones, const std::vector<ZoneConfig>& read,
                      std::vector<Finding>& errors);

}  // namespace homeostat::loader
