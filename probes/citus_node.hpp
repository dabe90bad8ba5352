// SPDX-License-Identifier: Apache-2.0
// One node of a Citus cluster, asked directly for what it holds itself. For citus_shards.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controller/ports/shard_layout.hpp"
#include "controller/transport/pg_session.hpp"
#include "probes/backoff.hpp"
#include "probes/shard_balance.hpp"
#include "probes/shard_load.hpp"
#include "probes/shard_signals.hpp"

namespace homeostat {

/// A session and the newest answers that came through it. Every operation ends by its deadline.
class CitusNode {
 public:
  CitusNode(boost::asio::any_io_executor executor, std::string name, pg::Address address,
            std::uint64_t seed);

  /// Connects, if need be, and asks once a session who answers. A server that is no primary of
  /// Citus is no error: it has no group.
  boost::asio::awaitable<Result<void>> introduce(TimePoint now, Duration deadline);
  /// Fills rows(), and tenants() where they are tracked. REQUIRES: group().
  boost::asio::awaitable<Result<void>> read_rows(bool show_tenant, Duration deadline);
  /// Fills bytes(); nothing when they cannot be had. REQUIRES: group().
  boost::asio::awaitable<Result<void>> read_bytes(Duration deadline);
  /// Fills room(), each minute; nothing when it cannot be had. REQUIRES: group().
  boost::asio::awaitable<Result<void>> read_room(TimePoint now, Duration deadline);
  /// Fills counters(); nothing when they cannot be had. REQUIRES: group().
  boost::asio::awaitable<Result<void>> read_counters(Duration deadline);
  boost::asio::awaitable<Result<pg::Table>> query(std::string_view sql, Duration deadline);
  boost::asio::awaitable<Result<pg::Table>> query(std::string sql,
                                                  std::vector<pg::Parameter> parameters,
                                                  Duration deadline);

  const std::string& name() const { return name_; }
  std::optional<int> group() const { return group_; }
  bool is_coordinator() const { return coordinator_; }
  const std::string& version() const { return version_; }  ///< of Citus; empty: there is none
  /// What a server without a cluster is instead: `is a standby`; empty for a node of one.
  const std::string& outsider() const { return outsider_; }
  const std::map<std::string, RowStatistics>& rows() const { return rows_; }  ///< by table
  const std::optional<std::map<std::string, double>>& bytes() const { return bytes_; }
  const std::optional<NodeRoom>& room() const { return room_; }
  const std::string& room_unknown() const { return room_unknown_; }  ///< why there is no room()
  const std::optional<NodeCounters>& counters() const { return counters_; }
  const std::optional<TenantLoad>& tenants() const { return tenants_; }
  /// Of the last attempt to ask it; nothing when it answered.
  std::optional<Error> failure;

 private:
  boost::asio::awaitable<Result<void>> connect(TimePoint now, Duration deadline);
  boost::asio::awaitable<Result<void>> ask_who(Duration deadline);
  boost::asio::awaitable<Result<void>> read_tenants(bool show_tenant, Duration deadline);
  Error about(Error error) const;

  std::string name_;
  pg::Session session_;
  Backoff backoff_;
  std::string last_error_;
  bool known_ = false;  ///< of this session
  std::optional<int> group_;
  bool coordinator_ = false;
  std::string version_;
  std::string outsider_;
  std::map<std::string, RowStatistics> rows_;
  std::optional<std::map<std::string, double>> bytes_;
  std::optional<NodeRoom> room_;
  std::string room_unknown_;
  std::optional<TimePoint> room_due_;  ///< nothing: at once
  std::optional<NodeCounters> counters_;
  std::optional<TenantLoad> tenants_;
};

/// Why a server of this `version` of Citus (empty: none) is no node that can be asked; empty: it
/// may be one.
std::string citus_outsider(const std::string& version, bool standby);

/// The first number of `13.2-1`; 0 when there is none.
int citus_major(const std::string& version);

}  // namespace homeostat
