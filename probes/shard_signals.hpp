// SPDX-License-Identifier: Apache-2.0
// From what the nodes of a Citus cluster hold to what citus_shards says of it. Pure. Each function
// adds its samples, notes and details to a reading.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controller/ports/probe.hpp"
#include "controller/ports/shard_layout.hpp"
#include "probes/shard_balance.hpp"

namespace homeostat {

/// CPU seconds of tenants in Citus' last period.
struct TenantLoad {
  double sum = 0;
  double most = 0;
  std::string tenant;  ///< the busiest; empty unless it may be shown
};

/// `single`: shards that nothing splits.
void add_rows(const ShardTotals& rows, const std::set<std::int64_t>& single, TimePoint now,
              Reading& reading);

/// Absent where they could not be had.
void add_bytes(const Result<ShardTotals>& bytes, TimePoint now, Reading& reading);
/// Absent where it is not known, with a note that says why.
void add_load(const Result<ShardTotals>& load, TimePoint now, Reading& reading);

/// Of the nodes that count; absent unless each of them tracks its tenants.
void add_tenants(const std::vector<std::optional<TenantLoad>>& loads, TimePoint now,
                 Reading& reading);

void add_misplaced(const ShardLayout& layout, TimePoint now, Reading& reading);

}  // namespace homeostat
