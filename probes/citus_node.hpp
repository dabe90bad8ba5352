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

namespace homeostat {

/// CPU seconds of tenants in Citus' last period.
struct TenantLoad {
  double sum = 0;
  double most = 0;
  std::string tenant;  ///< the busiest; empty unless it may be shown
};

/// A session and the newest answers that came through it. Every operation ends by its deadline.
class CitusNode {
 public:
  CitusNode(boost::asio::any_io_executor executor, std::string name, pg::Address address,
            std::uint64_t seed);

  /// Connects, if need be, and asks once a session who answers. A server that is no primary of
  /// Citus is no error: it has no group.
  boost::asio::awaitable<Result<void>> introduce(TimePoint now, Duration deadline);
  /// Fills rows(), and load() where tenants are tracked. REQUIRES: group().
  boost::asio::awaitable<Result<void>> read_rows(bool show_tenant, Duration deadline);
  /// Fills bytes(); nothing when they cannot be had. REQUIRES: group().
  boost::asio::awaitable<Result<void>> read_bytes(Duration deadline);
  /// Fills room(), each minute; nothing when it cannot be had. REQUIRES: group().
  boost::asio::awaitable<Result<void>> read_room(TimePoint now, Duration deadline);
  boost::asio::awaitable<Result<pg::Table>> query(std::string_view sql, Duration deadline);
  boost::asio::awaitable<Result<pg::Table>> query(std::string sql,
                                                  std::vector<pg::Parameter> parameters,
                                                  Duration deadline);

  const std::string& name() const { return name_; }
  std::optional<int> group() const { return group_; }
  bool is_coordinator() const { return coordinator_; }
  const std::string& version() const { return version_; }  ///< of Citus; empty: there is none
  const std::map<std::string, RowStatistics>& rows() const { return rows_; }  ///< by table
  const std::optional<std::map<std::string, double>>& bytes() const { return bytes_; }
  const std::optional<TenantLoad>& load() const { return load_; }
  const std::optional<NodeRoom>& room() const { return room_; }
  /// Of the last attempt to ask it; nothing when it answered.
  std::optional<Error> failure;

 private:
  boost::asio::awaitable<Result<void>> connect(TimePoint now, Duration deadline);
  boost::asio::awaitable<Result<void>> ask_who(Duration deadline);
  boost::asio::awaitable<Result<void>> read_load(bool show_tenant, Duration deadline);
  Error about(Error error) const;

  std::string name_;
  pg::Session session_;
  Backoff backoff_;
  std::string last_error_;
  bool known_ = false;  ///< of this session
  std::optional<int> group_;
  bool coordinator_ = false;
  std::string version_;
  std::map<std::string, RowStatistics> rows_;
  std::optional<std::map<std::string, double>> bytes_;
  std::optional<TenantLoad> load_;
  std::optional<NodeRoom> room_;
  std::optional<TimePoint> room_due_;  ///< nothing: at once
};

/// The first number of `13.2-1`; 0 when there is none.
int citus_major(const std::string& version);

}  // namespace homeostat
