// SPDX-License-Identifier: Apache-2.0
// What a session learns about the server that it has reached, and about its own role there.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

#include "controller/transport/pg_session.hpp"
#include "policies/model/error.hpp"
#include "policies/model/time.hpp"

namespace homeostat::doctor {

/// One row of sql/queries/doctor_session.sql.
struct ServerFacts {
  std::string system_identifier;
  std::string database;
  std::string cluster_name;  ///< setting of that name; empty when it is not set
  std::string address;       ///< as the server sees its own end
  std::string started;       ///< of the postmaster, seconds since the epoch
  double now = 0;            ///< the server's clock, seconds since the epoch
  double clock_ahead = 0;    ///< of ours, in seconds; half a round trip of uncertainty taken off
  int version_num = 0;       ///< 150020
  std::string version;
  bool in_recovery = false;
  int backend_pid = 0;
  std::string role;                 ///< ours, quoted as SQL wants it
  std::vector<std::string> powers;  ///< what no role of ours may have: `superuser` …
  bool reads_statistics = false;
  bool statistics_member = false;  ///< of pg_read_all_stats; without inheriting from it, of no use
  bool inherits = true;            ///< the role's attribute; from 16 on the membership's counts
  bool uses_reserved = false;      ///< may use `reserved_connections` (16 and later)
  bool track_activities = false;
  bool track_counts = false;
  int client_check_ms = 0;  ///< client_connection_check_interval; 0: off
  std::string synchronous_commit;
  std::string synchronous_standby_names;
  int max_connections = 0;
  int superuser_reserved = 0;
  int reserved = 0;     ///< `reserved_connections`
  int connections = 0;  ///< of clients, now
};

/// REQUIRES: `session` is connected. Errors: the session's; protocol.
boost::asio::awaitable<Result<ServerFacts>> ask_server(pg::Session& session, Duration deadline);

/// Seconds by which `server` is ahead of the time between `before` and `after`, all in seconds
/// since the epoch; 0 when it lies between them.
double seconds_ahead(double server, double before, double after);

}  // namespace homeostat::doctor
