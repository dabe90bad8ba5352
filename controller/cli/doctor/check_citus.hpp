// SPDX-License-Identifier: Apache-2.0
// Can the shards of a Citus cluster be measured, and moved without harm?
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "controller/cli/doctor/finding.hpp"
#include "policies/loader/config.hpp"

namespace homeostat::doctor {

/// Whether `node`, which is to be the coordinator, is one. `met`: sql/queries/doctor_citus.sql;
/// `its`: doctor_citus_node.sql, null where it was not asked. True: go on. Pure, as all of these.
bool judge_coordinator(const std::string& node, const nlohmann::json& met,
                       const nlohmann::json& its, Findings& findings);

/// 13 is tested; older than 11 cannot be measured.
void judge_citus_version(const std::string& version, Findings& findings);

/// `cluster`: doctor_citus_cluster.sql. `groups`: the configured nodes that answered, by their
/// group; `silent`: those that did not.
void judge_members_of_citus(const nlohmann::json& cluster,
                            const std::multimap<int, std::string>& groups,
                            const std::vector<std::string>& silent, Findings& findings);

/// Tables that a move would make read-only.
void judge_identities(const nlohmann::json& cluster, Findings& findings);

/// What `homeostat grants --citus` gives: wrapper functions, their owner, the strategy.
void judge_citus_grants(const nlohmann::json& cluster, Findings& findings);

/// What moves between the nodes leave behind or need: `its` of one node, `cluster` as above.
void judge_moves(const nlohmann::json& its, const nlohmann::json& cluster, Findings& findings);

/// Every node that the configuration names, as the monitor. REQUIRES: config.citus.
boost::asio::awaitable<std::vector<Finding>> check_citus(boost::asio::any_io_executor executor,
                                                         Config config, Duration deadline);

}  // namespace homeostat::doctor
