// SPDX-License-Identifier: Apache-2.0
// Will the lever `admission` be able to hold the pools of a zone's PgBouncer processes small?
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>
#include <vector>

#include "controller/cli/doctor/finding.hpp"
#include "controller/transport/pg_session.hpp"
#include "policies/loader/config.hpp"

namespace homeostat::doctor {

/// What a console shows of itself.
struct PoolerFacts {
  std::string admin_users;  ///< as written, with commas
  std::string auth_type;
  bool shares_port = false;      ///< so_reuseport: several processes may answer at one port
  std::optional<int> pool_size;  ///< default_pool_size now
  bool has_database = false;     ///< the zone's; one that `*` leads to is there after its first use
  int database_pool_size = 0;    ///< of that one
};

/// Whether our user may SET, and whether that reaches the zone's database. Pure.
void judge_pools(const PoolerConfig& process, const std::string& zone, const PoolerFacts& facts,
                 Findings& findings);

/// Every process of every zone, by its console; nothing is set. `deadline`: of each operation.
boost::asio::awaitable<std::vector<Finding>> check_pgbouncer(boost::asio::any_io_executor executor,
                                                             std::vector<ZoneConfig> zones,
                                                             Duration deadline);

/// Warns of processes that have a size of ours and are not named any more. `session`: of the
/// ledger, with its schema.
boost::asio::awaitable<void> check_pools_left(pg::Session& session,
                                              const std::vector<ZoneConfig>& zones,
                                              Duration deadline, Findings& findings);

}  // namespace homeostat::doctor
