// SPDX-License-Identifier: Apache-2.0
// How many deadlocks over several nodes Citus has resolved, by the coordinator's log: Citus counts
// them nowhere, and PostgreSQL counts only those within one node. For citus_shards.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "controller/ports/probe.hpp"
#include "probes/citus_node.hpp"

namespace homeostat {

class CitusDeadlocks {
 public:
  /// Whether read() would ask: after it could not count, a minute passes first.
  bool due(TimePoint now) const { return now >= due_; }

  /// Reads on in the log from where the last call ended; the first one begins at its end. Whatever
  /// comes of it, add() tells. REQUIRES: the coordinator was introduced.
  boost::asio::awaitable<void> read(CitusNode& coordinator, TimePoint now, Duration deadline);

  /// Adds citus_deadlocks_total, those seen since this object was made; absent while they cannot be
  /// counted, with a note `deadlocks_unknown` that says why. A note `deadlocks_unread` says that
  /// parts of the log were left out the last time, so that there may have been more.
  void add(TimePoint now, Reading& reading) const;

 private:
  boost::asio::awaitable<Result<void>> count(CitusNode& coordinator, Duration deadline);

  struct Place {
    std::string file;
    std::int64_t bytes = 0;
  };
  std::optional<Place> place_;
  double total_ = 0;
  std::string unknown_ = "the log has not been read yet";  ///< empty: they are counted
  std::string unread_;
  bool lost_ = false;  ///< something may have been written since it was last read to its end
  TimePoint due_{};
};

}  // namespace homeostat
